<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About Qubes Manager</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>See and manage the qubes of a machine, over the mgmt1 API.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Connected to {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Free software under the GNU General Public License, version 3 or later. It comes without any warranty. Qt&apos;s Python bindings, PyQt5, are under the GPL version 3.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ActionSet</name>
    <message>
        <source>Select a qube first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no connection.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only for one qube at a time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not for these:</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>and %n more</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
</context>
<context>
    <name>App</name>
    <message>
        <source>The report cannot be written: {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The report is in {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing answered within 20 seconds.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CloneDialog</name>
    <message>
        <source>Clone {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A copy of {0} with its data ({1}), settings and firewall.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Label:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Pool:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Start it when it is there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0} ({1} free)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pool has only {0} free.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Commands</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Type an action or the name of a qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Matching commands</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ConfirmMany</name>
    <message>
        <source>Qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CreateDialog</name>
    <message>
        <source>New qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The colour by which you tell at a glance how far you trust it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Label:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Type:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>T&amp;emplate:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Net &amp;qube:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Pool:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>as usual</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Private si&amp;ze:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>work, family</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ta&amp;gs:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>P&amp;rovides network to other qubes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Is a template for &amp;disposables</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Start it when it is there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Open its settings when it is there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Create</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>App qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Standalone qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Named disposable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its system comes from the template at each start; it keeps what is yours.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A copy of its own of the template; it is updated by itself.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It forgets everything when it halts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>(empty system disk)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Default ({0})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None: no network</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0} ({1} free)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pool has only {0} free.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A tag holds only letters, digits and . _ -</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no template it could be based on.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ErrorBar</name>
    <message numerus="yes">
        <source>%n more message(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Inspector</name>
    <message>
        <source>About the selected qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select a qube to see more of it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s) selected</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of them running</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>{0} on disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Network</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>IP</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Devices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tags</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Notes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label: {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0} on {1}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>CPU {0} % of %n vcpu(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Memory {0} of {1}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0}: a loop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leads outside</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0}: {1} of {2}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>LogsWindow</name>
    <message>
        <source>Logs of {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Log:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Follow</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Wrap lines</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Refresh</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find (Ctrl+F)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find in the log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not found.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There are no logs of this qube yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n line(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>It is empty.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Qubes Manager</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0}: {1}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;New qube…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Refresh</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Close window</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Find</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Show everything</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sa&amp;ve this view…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Commands…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Shortcuts…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write a &amp;report…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;About Qubes Manager</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Sidebar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Inspector</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Tasks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Template</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Net qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>La&amp;bel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;System</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Columns</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>T&amp;oolbar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Tools</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Toolbar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No qube fits the filter.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear the filter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The request was refused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no connection</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the qubes…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There are no qubes yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Qubes keep apart what should not touch. Make the first one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New qube…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kill {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Wait</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Leave it running</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save this view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl+K finds every command and qube; Ctrl+F filters; the arrows, Enter, F2, Delete and the menu key work on what is selected; F9 and F10 show and hide the sides. The guide is in docs/guide.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>NewQube</name>
    <message>
        <source>Copying volumes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0} was created, but {1} was refused: {2} So it was removed again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0} could not be removed again: {1}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>NotesDialog</name>
    <message>
        <source>Notes of {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What this qube is for, what to mind.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Notes hold at most 256 KiB.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Notice</name>
    <message>
        <source>Close this message</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Operations</name>
    <message>
        <source>Start {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unpause {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shut down</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kill</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kill {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Notes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set {0} of {1}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reset {0} of {1}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shut down {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Waiting until {0} has halted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restart {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shutting down</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starting</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Shut down %n qube(s)?</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>From the top to the bottom: those that use the network before those that give it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>uses the network of {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Restart %n qube(s)?</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>They halt from the top to the bottom, and start again from the bottom to the top.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Restart %n qube(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Shutting down {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starting {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Kill %n qube(s)?</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>It is as if the plug were pulled: what is not saved is lost.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Create {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clone {0} as {1}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Remove %n qube(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Rename {0} to {1}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the notes of {0}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>PropertyMenu</name>
    <message>
        <source>Default</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>QueryBox</name>
    <message>
        <source>Filter: name, tag:, netvm:, mem&gt;2G … (Ctrl+F)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Words are combined. Try state:running tag:work netvm:sys-vpn mem&gt;2G -template:fedora, or any property.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Reason</name>
    <message>
        <source>dom0 runs as long as the machine does.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is paused; unpause it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is already running.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is paused; unpause or kill it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is already shutting down.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A disposable is gone once it halts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is already paused.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is not running yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is not paused.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>dom0 cannot be removed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is running; shut it down first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It came from a package; remove it with the package manager.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>dom0 cannot be cloned.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is running; a qube is cloned while it is halted.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>dom0 keeps its name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is running; a qube is renamed while it is halted.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is not running.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>dom0 has no template.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is not based on a template.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is running; a template is changed while it is halted.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>dom0 has no network.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>dom0 keeps its label.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A qube needs a name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A name starts with a letter (A to Z).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A name has at most 31 characters.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A name holds only letters, digits and . _ -</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A name cannot end in -dm.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is used by {0}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The name {0} is reserved.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is a qube named {0} already.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>RemoveDialog</name>
    <message>
        <source>Remove</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove {0} with all its data?</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Remove %n qube(s) with all their data?</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>This cannot be undone; only a backup brings it back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0} become free.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What is removed, in this order</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0} - still used by {1}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Type the name of the qube to remove it:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Type the number of qubes ({0}) to remove them:</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>RenameDialog</name>
    <message>
        <source>Rename {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New &amp;name:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Changed along with it: {0}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SaveViewDialog</name>
    <message>
        <source>Save this view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Filter:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The view of that name is replaced.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Session</name>
    <message>
        <source>Follow the system</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Follow the statistics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>List the labels</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restore defaults</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0} is used twice: for {1} and for {2}.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>Groups of qubes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Qubes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>By tag</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>By net qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved views</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Running</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Templates</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Disposables</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select these qubes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Forget this view</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StaleBanner</name>
    <message>
        <source>Try now</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Trying again in %n s.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Reconnecting…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The connection is lost, so what you see may be out of date.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Status</name>
    <message numerus="yes">
        <source>%n qube(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n running</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>{0} of memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n task(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>TaskModel</name>
    <message>
        <source>Running</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Operation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>State</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Details</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Started</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Took</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>TasksPanel</name>
    <message>
        <source>Tasks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cance&amp;l task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear &amp;history</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select a running task to cancel it.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>VmAction</name>
    <message>
        <source>&amp;Start</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Pause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Unpause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>S&amp;hut down</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Restart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>S&amp;ettings…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Devices…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>N&amp;otes…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Logs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rena&amp;me…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Clone…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Kill…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remo&amp;ve…</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>VmTable</name>
    <message>
        <source>Running</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Paused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Suspended</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shutting down</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ending</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Crashed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Halted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unknown</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n year(s) ago</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n month(s) ago</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s) ago</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n h ago</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n min ago</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>State</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Template</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Net qube</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>IP</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Internal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Default disposable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Disposable template</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Virt mode</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tags</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Notes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Uptime</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Devices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>VCPUs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pool</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>just now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>never</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0} d {1} h</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0} h {1} min</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{0} min</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>yes</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>VmView</name>
    <message>
        <source>Qubes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reset columns</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
