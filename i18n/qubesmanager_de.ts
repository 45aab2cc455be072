<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About Qubes Manager</source>
        <translation>Über Qubes Manager</translation>
    </message>
    <message>
        <source>See and manage the qubes of a machine, over the mgmt1 API.</source>
        <translation>Die Qubes eines Rechners sehen und verwalten, über die mgmt1-Schnittstelle.</translation>
    </message>
    <message>
        <source>Connected to {0}</source>
        <translation>Verbunden mit {0}</translation>
    </message>
    <message>
        <source>Free software under the GNU General Public License, version 3 or later. It comes without any warranty. Qt&apos;s Python bindings, PyQt5, are under the GPL version 3.</source>
        <translation>Freie Software unter der GNU General Public License, Version 3 oder später. Ohne jede Gewährleistung. PyQt5, die Python-Anbindung von Qt, steht unter der GPL, Version 3.</translation>
    </message>
</context>
<context>
    <name>ActionSet</name>
    <message>
        <source>Select a qube first.</source>
        <translation>Wählen Sie zuerst einen Qube aus.</translation>
    </message>
    <message>
        <source>There is no connection.</source>
        <translation>Es besteht keine Verbindung.</translation>
    </message>
    <message>
        <source>Only for one qube at a time.</source>
        <translation>Nur für einen Qube auf einmal.</translation>
    </message>
    <message>
        <source>Not for these:</source>
        <translation>Nicht für diese:</translation>
    </message>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>und %n weiterer</numerusform>
            <numerusform>und %n weitere</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>AddPoolDialog</name>
    <message>
        <source>New pool</source>
        <translation>Neuer Pool</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>&amp;Name</translation>
    </message>
    <message>
        <source>&amp;Driver</source>
        <translation>Treib&amp;er</translation>
    </message>
    <message>
        <source>&amp;Add</source>
        <translation>&amp;Hinzufügen</translation>
    </message>
    <message>
        <source>A pool needs a name.</source>
        <translation>Ein Pool braucht einen Namen.</translation>
    </message>
    <message>
        <source>A pool&apos;s name holds letters, digits and . _ -, and starts with none of . and -</source>
        <translation>Der Name eines Pools enthält Buchstaben, Ziffern und . _ - und beginnt weder mit . noch mit -</translation>
    </message>
    <message>
        <source>There is a pool named {0} already.</source>
        <translation>Es gibt schon einen Pool namens {0}.</translation>
    </message>
    <message>
        <source>Fill in all fields of the driver.</source>
        <translation>Der Treiber braucht jedes seiner Felder.</translation>
    </message>
    <message>
        <source>Add the pool {0}</source>
        <translation>Den Pool {0} hinzufügen</translation>
    </message>
</context>
<context>
    <name>AdvancedPage</name>
    <message>
        <source>List the kernels</source>
        <translation>Die Kernel auflisten</translation>
    </message>
</context>
<context>
    <name>AllVolumesPage</name>
    <message>
        <source>Part of a volume, a qube or a pool</source>
        <translation>Teil eines Datenträgers, eines Qubes oder eines Pools</translation>
    </message>
    <message>
        <source>Find volumes</source>
        <translation>Datenträger suchen</translation>
    </message>
    <message>
        <source>Only those of no &amp;qube</source>
        <translation>Nur die ohne &amp;Qube</translation>
    </message>
    <message>
        <source>Volumes</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Re&amp;move…</source>
        <translation>&amp;Entfernen …</translation>
    </message>
    <message>
        <source>Every volume belongs to a qube.</source>
        <translation>Jeder Datenträger gehört einem Qube.</translation>
    </message>
    <message>
        <source>No volume matches.</source>
        <translation>Kein Datenträger passt.</translation>
    </message>
    <message>
        <source>It belongs to {0}; remove that qube instead.</source>
        <translation>Er gehört {0}; entfernen Sie stattdessen diesen Qube.</translation>
    </message>
    <message>
        <source>Remove a volume</source>
        <translation>Datenträger entfernen</translation>
    </message>
    <message>
        <source>No qube has it. What is in it is lost, with its snapshots.</source>
        <translation>Kein Qube hat ihn. Sein Inhalt geht verloren, mit seinen Schnappschüssen.</translation>
    </message>
    <message>
        <source>It takes {0}.</source>
        <translation>Er belegt {0}.</translation>
    </message>
    <message>
        <source>Remove the volume {0} for good?</source>
        <translation>Den Datenträger {0} endgültig entfernen?</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Remove the volume {0}</source>
        <translation>Den Datenträger {0} entfernen</translation>
    </message>
    <message>
        <source>Loading the volumes…</source>
        <translation>Die Datenträger werden geladen …</translation>
    </message>
    <message>
        <source>There is no volume.</source>
        <translation>Es gibt keinen Datenträger.</translation>
    </message>
</context>
<context>
    <name>App</name>
    <message>
        <source>The report cannot be written: {0}</source>
        <translation>Der Bericht kann nicht geschrieben werden: {0}</translation>
    </message>
    <message>
        <source>The report is in {0}</source>
        <translation>Der Bericht steht in {0}</translation>
    </message>
    <message>
        <source>Nothing answered within 20 seconds.</source>
        <translation>Innerhalb von 20 Sekunden kam keine Antwort.</translation>
    </message>
    <message>
        <source>Open the manager</source>
        <translation>Den Manager öffnen</translation>
    </message>
    <message>
        <source>Write the report</source>
        <translation>Den Bericht schreiben</translation>
    </message>
    <message>
        <source>Load the settings</source>
        <translation>Die Einstellungen laden</translation>
    </message>
</context>
<context>
    <name>ApplicationsDialog</name>
    <message>
        <source>Applications of {0}</source>
        <translation>Anwendungen von {0}</translation>
    </message>
    <message>
        <source>Reading the applications…</source>
        <translation>Die Anwendungen werden gelesen …</translation>
    </message>
    <message>
        <source>Applications</source>
        <translation>Anwendungen</translation>
    </message>
    <message>
        <source>&amp;Start</source>
        <translation>&amp;Starten</translation>
    </message>
    <message>
        <source>The qube has no applications.</source>
        <translation>Der Qube hat keine Anwendungen.</translation>
    </message>
</context>
<context>
    <name>ApplyBar</name>
    <message>
        <source>What will be sent</source>
        <translation>Was gesendet wird</translation>
    </message>
    <message>
        <source>Changes</source>
        <translation>Änderungen</translation>
    </message>
    <message>
        <source>Calls</source>
        <translation>Aufrufe</translation>
    </message>
    <message>
        <source>The calls that will be sent</source>
        <translation>Die Aufrufe, die gesendet werden</translation>
    </message>
    <message>
        <source>Undo all</source>
        <translation>Alle zurücknehmen</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Zeigen</translation>
    </message>
    <message numerus="yes">
        <source>%n change(s)</source>
        <translation>
            <numerusform>%n Änderung</numerusform>
            <numerusform>%n Änderungen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0}, %n with a fault</source>
        <translation>
            <numerusform>{0}, %n mit Fehler</numerusform>
            <numerusform>{0}, %n mit Fehlern</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>AttachDialog</name>
    <message>
        <source>&amp;Read-only</source>
        <translation>Nu&amp;r lesbar</translation>
    </message>
    <message>
        <source>Also at each &amp;start of the qube</source>
        <translation>Auch bei jedem &amp;Start des Qubes</translation>
    </message>
    <message>
        <source>Start the qube &amp;now</source>
        <translation>Den Qube &amp;jetzt starten</translation>
    </message>
    <message>
        <source>&amp;Attach</source>
        <translation>&amp;Verbinden</translation>
    </message>
    <message>
        <source>Move a device</source>
        <translation>Gerät weitergeben</translation>
    </message>
    <message>
        <source>Attach a device</source>
        <translation>Gerät verbinden</translation>
    </message>
    <message>
        <source>Attach {0} to:</source>
        <translation>{0} verbinden mit:</translation>
    </message>
    <message>
        <source>Attach a device to {0}</source>
        <translation>Gerät mit {0} verbinden</translation>
    </message>
    <message>
        <source>Attach to {0}:</source>
        <translation>Mit {0} verbinden:</translation>
    </message>
    <message>
        <source>Search for a qube</source>
        <translation>Qube suchen</translation>
    </message>
    <message>
        <source>Search for a device</source>
        <translation>Gerät suchen</translation>
    </message>
    <message>
        <source>It is detached from {0} first.</source>
        <translation>Es wird zuerst von {0} getrennt.</translation>
    </message>
    <message>
        <source>{0} is started first.</source>
        <translation>{0} wird zuerst gestartet.</translation>
    </message>
    <message>
        <source>Many machines can attach the microphone only when a qube starts: tick that, and restart it.</source>
        <translation>Viele Rechner können das Mikrofon nur beim Start eines Qubes geben: dies ankreuzen und den Qube neu starten.</translation>
    </message>
    <message>
        <source>{0} is paused, and sees the device when it continues.</source>
        <translation>{0} ist angehalten und sieht das Gerät, sobald es weiterläuft.</translation>
    </message>
</context>
<context>
    <name>AttachVolumeDialog</name>
    <message>
        <source>Attach a volume to {0}</source>
        <translation>Datenträger mit {0} verbinden</translation>
    </message>
    <message>
        <source>&amp;Read-only</source>
        <translation>Nur &amp;lesen</translation>
    </message>
    <message>
        <source>&amp;Volume</source>
        <translation>&amp;Datenträger</translation>
    </message>
    <message>
        <source>&amp;Attach</source>
        <translation>&amp;Verbinden</translation>
    </message>
    <message>
        <source>The volume stays in its pool; the qube sees it as one more disk.</source>
        <translation>Der Datenträger bleibt in seinem Pool; der Qube sieht ihn als weitere Festplatte.</translation>
    </message>
    <message>
        <source>Every volume in the pools belongs to a qube: there is none to attach.</source>
        <translation>Jeder Datenträger der Pools gehört einem Qube: Es gibt keinen, der sich verbinden ließe.</translation>
    </message>
</context>
<context>
    <name>BackupChoice</name>
    <message>
        <source>never</source>
        <translation>nie</translation>
    </message>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>Klasse</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Last backup</source>
        <translation>Letzte Sicherung</translation>
    </message>
    <message>
        <source>Changed since</source>
        <translation>Geändert</translation>
    </message>
    <message>
        <source>running now</source>
        <translation>läuft gerade</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>ja</translation>
    </message>
    <message>
        <source>no</source>
        <translation>nein</translation>
    </message>
</context>
<context>
    <name>BackupErrors</name>
    <message>
        <source>This is not the passphrase of this backup.</source>
        <translation>Das ist nicht die Passphrase dieser Sicherung.</translation>
    </message>
    <message>
        <source>The file is damaged, cut off, or no backup of qubes: {0}</source>
        <translation>Die Datei ist beschädigt, abgeschnitten oder keine Sicherung von Qubes: {0}</translation>
    </message>
</context>
<context>
    <name>BackupRows</name>
    <message>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
</context>
<context>
    <name>BackupRunPage</name>
    <message>
        <source>Progress of each qube</source>
        <translation>Fortschritt jedes Qubes</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>Was geschah</translation>
    </message>
    <message>
        <source>&amp;Cancel the backup</source>
        <translation>Sicherung abbre&amp;chen</translation>
    </message>
    <message>
        <source>No progress for {0}. The destination may be slow or disconnected.</source>
        <translation>Seit {0} kein Fortschritt. Das Ziel ist vielleicht langsam oder getrennt.</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>&amp;Schließen</translation>
    </message>
    <message>
        <source>The backup is complete: {0}, {1}.</source>
        <translation>Die Sicherung ist vollständig: {0}, {1}.</translation>
    </message>
    <message>
        <source>The backup is complete.</source>
        <translation>Die Sicherung ist vollständig.</translation>
    </message>
    <message>
        <source>Cancelled. The incomplete file was removed.</source>
        <translation>Abgebrochen. Was schon geschrieben war, ist entfernt.</translation>
    </message>
    <message>
        <source>The backup failed; no incomplete file was left.</source>
        <translation>Die Sicherung ist fehlgeschlagen; nichts blieb zurück, was wie eine aussieht.</translation>
    </message>
    <message>
        <source>Preparing…</source>
        <translation>Vorbereitung…</translation>
    </message>
    <message>
        <source>Reading it again: {0}</source>
        <translation>Wird noch einmal gelesen: {0}</translation>
    </message>
    <message>
        <source>Writing: {0}</source>
        <translation>Wird geschrieben: {0}</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} von {1}</translation>
    </message>
    <message>
        <source>{0} a second</source>
        <translation>{0} je Sekunde</translation>
    </message>
    <message>
        <source>about {0} left</source>
        <translation>noch etwa {0}</translation>
    </message>
    <message>
        <source>The connection was lost. The backup may still be running.</source>
        <translation>Die Verbindung ist abgebrochen. Die Sicherung läuft vielleicht weiter.</translation>
    </message>
    <message>
        <source>All of it was read again and is intact.</source>
        <translation>Sie wurde ganz noch einmal gelesen und ist unversehrt.</translation>
    </message>
    <message>
        <source>« &amp;Back</source>
        <translation>« &amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Retry</source>
        <translation>Noch einmal &amp;versuchen</translation>
    </message>
    <message>
        <source>C&amp;ontinue in the background</source>
        <translation>Im &amp;Hintergrund weiter</translation>
    </message>
</context>
<context>
    <name>BackupSummaryPage</name>
    <message>
        <source>What will happen</source>
        <translation>Was geschehen wird</translation>
    </message>
    <message>
        <source>Qubes:</source>
        <translation>Qubes:</translation>
    </message>
    <message>
        <source>To:</source>
        <translation>Nach:</translation>
    </message>
    <message>
        <source>Size:</source>
        <translation>Größe:</translation>
    </message>
    <message>
        <source>How:</source>
        <translation>Wie:</translation>
    </message>
    <message>
        <source>Older backups:</source>
        <translation>Ältere Sicherungen:</translation>
    </message>
    <message>
        <source>Again:</source>
        <translation>Wieder:</translation>
    </message>
    <message>
        <source>Profile:</source>
        <translation>Profil:</translation>
    </message>
    <message>
        <source>Shut this computer &amp;down when it is complete</source>
        <translation>Diesen Rechner &amp;herunterfahren, wenn alles fertig ist</translation>
    </message>
    <message>
        <source>Waiting for the answer of dom0…</source>
        <translation>Wartet darauf, was dom0 dazu sagt …</translation>
    </message>
    <message>
        <source>the qube {0}: {1}</source>
        <translation>der Qube {0}: {1}</translation>
    </message>
    <message>
        <source>key derivation {0}</source>
        <translation>Schlüsselableitung {0}</translation>
    </message>
    <message>
        <source>read again afterwards</source>
        <translation>danach noch einmal gelesen</translation>
    </message>
    <message>
        <source>not read again</source>
        <translation>nicht noch einmal gelesen</translation>
    </message>
    <message>
        <source>all stay</source>
        <translation>alle bleiben</translation>
    </message>
    <message>
        <source>kept as “{0}”, for the next time</source>
        <translation>als „{0}“ aufbewahrt, für das nächste Mal</translation>
    </message>
    <message>
        <source>; {0} free there</source>
        <translation>; dort sind {0} frei</translation>
    </message>
    <message>
        <source>at most {0} before compression{1}</source>
        <translation>höchstens {0} vor der Kompression{1}</translation>
    </message>
    <message>
        <source>none would be removed yet</source>
        <translation>noch muss keine weichen</translation>
    </message>
    <message>
        <source>removed once this one is verified: {0}</source>
        <translation>entfernt, sobald diese geprüft ist: {0}</translation>
    </message>
    <message>
        <source>{0}, next {1}</source>
        <translation>{0}, das nächste Mal {1}</translation>
    </message>
    <message>
        <source>This may not fit. The backup starts only if there is enough free space.</source>
        <translation>Das passt vielleicht nicht. Die Sicherung beginnt nur, wenn genug Platz frei ist.</translation>
    </message>
    <message>
        <source>There is no qube {0}.</source>
        <translation>Es gibt keinen Qube {0}.</translation>
    </message>
    <message>
        <source>Nothing can be written there: the folder does not exist, or is not writable.</source>
        <translation>Dort lässt sich nichts schreiben: Der Ordner fehlt oder ist schreibgeschützt.</translation>
    </message>
    <message>
        <source>There is no such folder in dom0.</source>
        <translation>In dom0 gibt es keinen solchen Ordner.</translation>
    </message>
    <message numerus="yes">
        <source>{0} and %n more</source>
        <translation>
            <numerusform>{0} und %n weiterer</numerusform>
            <numerusform>{0} und %n weitere</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} stays: it is the only backup of {1}</source>
        <translation>{0} bleibt: die einzige Sicherung von {1}</translation>
    </message>
    <message>
        <source>&amp;Remove the only backup of these qubes, too</source>
        <translation>Auch die &amp;einzige Sicherung dieser Qubes entfernen</translation>
    </message>
    <message>
        <source>&amp;Use the disk that is mounted there now</source>
        <translation>Das &amp;jetzt dort eingehängte Laufwerk verwenden</translation>
    </message>
    <message>
        <source>The file system there cannot hold a file over {0}; the backup may be larger.</source>
        <translation>Das Dateisystem dort fasst keine Datei über {0}; die Sicherung wird vielleicht größer.</translation>
    </message>
    <message>
        <source>The disk for the backups of this profile is not connected.</source>
        <translation>Das Laufwerk für die Sicherungen dieses Profils ist nicht angeschlossen.</translation>
    </message>
    <message>
        <source>Left out, because the qube that set the profile does not see them: {0}.</source>
        <translation>Ausgelassen, weil der Qube, der das Profil gesetzt hat, sie nicht sieht: {0}.</translation>
    </message>
    <message>
        <source>Of dom0:</source>
        <translation>Von dom0:</translation>
    </message>
    <message>
        <source>only when you start it</source>
        <translation>nur wenn Sie sie starten</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>its configuration</source>
        <translation>seine Konfiguration</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>its configuration, and its home: at most {0}</source>
        <translation>seine Konfiguration und sein Home: höchstens {0}</translation>
    </message>
    <message>
        <source>Its schedule will fail: no one is there to type the passphrase. Use a file or a qube.</source>
        <translation>Sein Zeitplan wird fehlschlagen: Es ist niemand da, der die Passphrase eingibt. Nehmen Sie eine Datei oder einen Qube.</translation>
    </message>
</context>
<context>
    <name>BackupWatch</name>
    <message>
        <source>Load the state of the backups</source>
        <translation>Den Stand der Sicherungen laden</translation>
    </message>
</context>
<context>
    <name>BackupWizard</name>
    <message>
        <source>Back up qubes</source>
        <translation>Qubes sichern</translation>
    </message>
    <message>
        <source>Load the backup profiles</source>
        <translation>Nach den Sicherungsprofilen fragen</translation>
    </message>
    <message>
        <source>Preview the backup</source>
        <translation>Fragen, was die Sicherung täte</translation>
    </message>
    <message>
        <source>Read a backup profile</source>
        <translation>Ein Sicherungsprofil lesen</translation>
    </message>
    <message>
        <source>known once the backup has started</source>
        <translation>sagt dom0 erst, wenn sie begonnen hat</translation>
    </message>
    <message>
        <source>The profile holds a passphrase, which would be lost with these changes: choose another way.</source>
        <translation>Das Profil enthält eine Passphrase, die mit diesen Änderungen verloren ginge: Wählen Sie einen anderen Weg.</translation>
    </message>
    <message>
        <source>Backup: {0}</source>
        <translation>Sicherung: {0}</translation>
    </message>
    <message>
        <source>Remove a backup profile</source>
        <translation>Ein Sicherungsprofil entfernen</translation>
    </message>
    <message>
        <source>Remove the backup profile {0}?</source>
        <translation>Das Sicherungsprofil {0} entfernen?</translation>
    </message>
    <message>
        <source>The backups that it made stay where they are.</source>
        <translation>Die Sicherungen, die damit gemacht wurden, bleiben, wo sie sind.</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Back &amp;up</source>
        <translation>&amp;Sichern</translation>
    </message>
</context>
<context>
    <name>BackupsFeed</name>
    <message>
        <source>Load the backups</source>
        <translation>Nach den Sicherungen fragen</translation>
    </message>
</context>
<context>
    <name>BackupsPage</name>
    <message>
        <source>Done, not verified</source>
        <translation>Fertig, nicht geprüft</translation>
    </message>
    <message>
        <source>Incomplete</source>
        <translation>Unvollständig</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>Abgebrochen</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Verified</source>
        <translation>Geprüft</translation>
    </message>
    <message>
        <source>schedule, attempt {0}</source>
        <translation>Zeitplan, Versuch {0}</translation>
    </message>
    <message>
        <source>schedule</source>
        <translation>Zeitplan</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} von {1}</translation>
    </message>
    <message>
        <source>Started</source>
        <translation>Begonnen</translation>
    </message>
    <message>
        <source>Profile</source>
        <translation>Profil</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Started by</source>
        <translation>Begonnen von</translation>
    </message>
    <message>
        <source>Qubes</source>
        <translation>Qubes</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Took</source>
        <translation>Dauer</translation>
    </message>
    <message>
        <source>Nothing of it was kept. Remove the cause, then try again.</source>
        <translation>Davon blieb nichts. Beheben Sie die Ursache, und versuchen Sie es dann noch einmal.</translation>
    </message>
    <message>
        <source>The incomplete file was removed.</source>
        <translation>Was schon geschrieben war, wurde entfernt.</translation>
    </message>
    <message>
        <source>It was not read again after it was written.</source>
        <translation>Sie wurde nach dem Schreiben nicht noch einmal gelesen.</translation>
    </message>
    <message>
        <source>Never run</source>
        <translation>Noch nie gelaufen</translation>
    </message>
    <message>
        <source>The next attempt is {0}.</source>
        <translation>Nächster Versuch: {0}.</translation>
    </message>
    <message>
        <source>There is no qube {0}.</source>
        <translation>Es gibt keinen Qube {0}.</translation>
    </message>
    <message numerus="yes">
        <source>Older than %n day(s)</source>
        <translation>
            <numerusform>Älter als %n Tag</numerusform>
            <numerusform>Älter als %n Tage</numerusform>
        </translation>
    </message>
    <message>
        <source>by hand</source>
        <translation>von Hand</translation>
    </message>
    <message>
        <source>{0} (not connected)</source>
        <translation>{0} (nicht angeschlossen)</translation>
    </message>
    <message>
        <source>Last result</source>
        <translation>Letztes Ergebnis</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>Grund</translation>
    </message>
    <message>
        <source>Next run</source>
        <translation>Nächster Lauf</translation>
    </message>
    <message>
        <source>Destination</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>not connected</source>
        <translation>nicht angeschlossen</translation>
    </message>
    <message>
        <source>verified</source>
        <translation>geprüft</translation>
    </message>
    <message>
        <source>not verified</source>
        <translation>nicht geprüft</translation>
    </message>
    <message>
        <source>Backup of</source>
        <translation>Sicherung vom</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Size of file</source>
        <translation>Dateigröße</translation>
    </message>
    <message>
        <source>last {0}</source>
        <translation>letzte {0}</translation>
    </message>
    <message>
        <source>day {0}</source>
        <translation>Tag {0}</translation>
    </message>
    <message>
        <source>week {0}</source>
        <translation>Woche {0}</translation>
    </message>
    <message>
        <source>month {0}</source>
        <translation>Monat {0}</translation>
    </message>
    <message>
        <source>beyond what the profile keeps</source>
        <translation>mehr, als das Profil behält</translation>
    </message>
    <message>
        <source>only backup of {0}</source>
        <translation>einzige Sicherung von {0}</translation>
    </message>
    <message>
        <source>not verified, so it does not count</source>
        <translation>nicht geprüft, zählt daher nicht</translation>
    </message>
    <message>
        <source>the profile removes none</source>
        <translation>das Profil entfernt keine</translation>
    </message>
    <message numerus="yes">
        <source>none of %n would be removed</source>
        <translation>
            <numerusform>keine von %n zu entfernen</numerusform>
            <numerusform>keine von %n zu entfernen</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} of {1} would be removed, {2}</source>
        <translation>{0} von {1} zu entfernen, {2}</translation>
    </message>
    <message>
        <source>Dry run</source>
        <translation>Probelauf</translation>
    </message>
    <message>
        <source>removes</source>
        <translation>entfernt</translation>
    </message>
    <message>
        <source>keeps</source>
        <translation>behält</translation>
    </message>
    <message>
        <source>Because</source>
        <translation>Grund</translation>
    </message>
    <message>
        <source>Backups</source>
        <translation>Sicherungen</translation>
    </message>
    <message>
        <source>Profiles</source>
        <translation>Profile</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>Backups that hold the qube</source>
        <translation>Sicherungen, die den Qube enthalten</translation>
    </message>
    <message>
        <source>Dry run of retention</source>
        <translation>Probelauf der Aufbewahrung</translation>
    </message>
    <message>
        <source>Retr&amp;y…</source>
        <translation>Noch ein&amp;mal versuchen …</translation>
    </message>
    <message>
        <source>Restore &amp;from it…</source>
        <translation>&amp;Daraus wiederherstellen …</translation>
    </message>
    <message>
        <source>Restore from &amp;here…</source>
        <translation>&amp;Von hier wiederherstellen …</translation>
    </message>
    <message>
        <source>Backups that hold</source>
        <translation>Sicherungen mit</translation>
    </message>
    <message>
        <source>Retention of</source>
        <translation>Aufbewahrung von</translation>
    </message>
    <message>
        <source>Back up now…</source>
        <translation>Jetzt sichern …</translation>
    </message>
    <message>
        <source>New profile…</source>
        <translation>Neues Profil …</translation>
    </message>
    <message>
        <source>Restore…</source>
        <translation>Wiederherstellen …</translation>
    </message>
    <message>
        <source>Verify a file…</source>
        <translation>Datei prüfen …</translation>
    </message>
    <message>
        <source>Search runs and files ({0})</source>
        <translation>Läufe und Dateien suchen ({0})</translation>
    </message>
    <message>
        <source>Search runs and files</source>
        <translation>Läufe und Dateien suchen</translation>
    </message>
    <message>
        <source>Runs of the profile</source>
        <translation>Läufe des Profils</translation>
    </message>
    <message>
        <source>Runs with the result</source>
        <translation>Läufe mit dem Ergebnis</translation>
    </message>
    <message>
        <source>Retention of the profile</source>
        <translation>Aufbewahrung des Profils</translation>
    </message>
    <message>
        <source>All results</source>
        <translation>Alle Ergebnisse</translation>
    </message>
    <message>
        <source>Complete</source>
        <translation>Vollständig</translation>
    </message>
    <message>
        <source>Failed or incomplete</source>
        <translation>Fehlgeschlagen oder unvollständig</translation>
    </message>
    <message>
        <source>All profiles</source>
        <translation>Alle Profile</translation>
    </message>
    <message>
        <source>None yet: “New profile…” says what is backed up, and where.</source>
        <translation>Noch keines: „Neues Profil …“ legt fest, was gesichert wird und wohin.</translation>
    </message>
    <message>
        <source>The backups cannot be shown</source>
        <translation>Die Sicherungen lassen sich nicht zeigen</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>Loading the backups…</source>
        <translation>Die Sicherungen werden geladen …</translation>
    </message>
    <message>
        <source>{0} (removed)</source>
        <translation>{0} (entfernt)</translation>
    </message>
    <message>
        <source>No backup holds {0}.</source>
        <translation>Keine Sicherung enthält {0}.</translation>
    </message>
    <message>
        <source>The qube no longer exists.</source>
        <translation>Den Qube gibt es nicht mehr.</translation>
    </message>
    <message>
        <source>There is a newer backup.</source>
        <translation>Es gibt eine neuere Sicherung.</translation>
    </message>
    <message>
        <source>It runs now.</source>
        <translation>Er läuft gerade.</translation>
    </message>
    <message>
        <source>It has changed since then.</source>
        <translation>Er hat sich seitdem geändert.</translation>
    </message>
    <message>
        <source>Select a backup.</source>
        <translation>Wählen Sie eine Sicherung aus.</translation>
    </message>
    <message>
        <source>This run made no backup.</source>
        <translation>Dieser Lauf hat keine Sicherung gemacht.</translation>
    </message>
    <message>
        <source>The backup is not in dom0: fetch its file first, then restore it.</source>
        <translation>Die Sicherung ist nicht in dom0: Holen Sie zuerst ihre Datei, und stellen Sie sie dann wieder her.</translation>
    </message>
    <message>
        <source>dom0 does not see the files</source>
        <translation>dom0 sieht die Dateien nicht</translation>
    </message>
    <message>
        <source>no backup there</source>
        <translation>dort keine Sicherung</translation>
    </message>
    <message>
        <source>{0}, {1}: {2}</source>
        <translation>{0}, {1}: {2}</translation>
    </message>
    <message>
        <source>No backup has run yet.</source>
        <translation>Noch keine Sicherung ist gelaufen.</translation>
    </message>
    <message numerus="yes">
        <source>Attention needed: %n of {0}</source>
        <translation>
            <numerusform>Achtung nötig: %n von {0}</numerusform>
            <numerusform>Achtung nötig: %n von {0}</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Balancing</name>
    <message>
        <source>Bal&amp;ance memory with other qubes</source>
        <translation>Speicher mit anderen Qubes aus&amp;gleichen</translation>
    </message>
</context>
<context>
    <name>ChangeRows</name>
    <message>
        <source>Change</source>
        <translation>Änderung</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Jetzt</translation>
    </message>
    <message>
        <source>Then</source>
        <translation>Dann</translation>
    </message>
    <message>
        <source>When</source>
        <translation>Wann</translation>
    </message>
    <message>
        <source>now</source>
        <translation>jetzt</translation>
    </message>
    <message>
        <source>now; it cannot shrink later</source>
        <translation>jetzt; lässt sich später nicht verkleinern</translation>
    </message>
    <message>
        <source>at each start, from the next one on</source>
        <translation>bei jedem Start, ab dem nächsten</translation>
    </message>
    <message>
        <source>after a restart</source>
        <translation>nach einem Neustart</translation>
    </message>
    <message>
        <source>from the next start</source>
        <translation>ab dem nächsten Start</translation>
    </message>
    <message>
        <source>not set</source>
        <translation>nicht gesetzt</translation>
    </message>
    <message>
        <source>empty</source>
        <translation>leer</translation>
    </message>
    <message>
        <source>does not exist</source>
        <translation>nicht da</translation>
    </message>
    <message>
        <source>there</source>
        <translation>da</translation>
    </message>
    <message>
        <source>Private storage</source>
        <translation>Privater Speicherplatz</translation>
    </message>
    <message>
        <source>System storage</source>
        <translation>System-Speicherplatz</translation>
    </message>
    <message>
        <source>Device {0} of {1} ({2})</source>
        <translation>Gerät {0} von {1} ({2})</translation>
    </message>
    <message>
        <source>not assigned</source>
        <translation>nicht zugewiesen</translation>
    </message>
    <message>
        <source>assigned</source>
        <translation>zugewiesen</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>Firewall rule</source>
        <translation>Firewall-Regel</translation>
    </message>
    <message>
        <source>removed</source>
        <translation>entfernt</translation>
    </message>
    <message>
        <source>accept {0}, {1}</source>
        <translation>annehmen: {0}, {1}</translation>
    </message>
    <message>
        <source>drop {0}, {1}</source>
        <translation>verwerfen: {0}, {1}</translation>
    </message>
    <message>
        <source>{0}, until {1}</source>
        <translation>{0}, bis {1}</translation>
    </message>
    <message>
        <source>{0}, for {1}</source>
        <translation>{0}, {1} lang</translation>
    </message>
</context>
<context>
    <name>ChangesPane</name>
    <message>
        <source>What they change</source>
        <translation>Was sie ändern</translation>
    </message>
    <message>
        <source>Calls with another decision</source>
        <translation>Aufrufe, die anders entschieden werden</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Changed lines</source>
        <translation>Geänderte Zeilen</translation>
    </message>
    <message>
        <source>Versions</source>
        <translation>Versionen</translation>
    </message>
    <message>
        <source>No unsaved changes</source>
        <translation>Keine ungespeicherten Änderungen</translation>
    </message>
    <message numerus="yes">
        <source>%n unsaved change(s)</source>
        <translation>
            <numerusform>%n ungespeicherte Änderung</numerusform>
            <numerusform>%n ungespeicherte Änderungen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s)</source>
        <translation>
            <numerusform>%n Datei</numerusform>
            <numerusform>%n Dateien</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} of {1} calls</source>
        <translation>{0} von {1} Aufrufen</translation>
    </message>
    <message numerus="yes">
        <source>Save %n change(s)</source>
        <translation>
            <numerusform>%n Änderung speichern</numerusform>
            <numerusform>%n Änderungen speichern</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n more call(s) are allowed.</source>
        <translation>
            <numerusform>%n Aufruf mehr ist erlaubt.</numerusform>
            <numerusform>%n Aufrufe mehr sind erlaubt.</numerusform>
        </translation>
    </message>
    <message>
        <source>dom0 would lose its management calls by {0}.</source>
        <translation>dom0 verlöre seine Verwaltungsaufrufe durch {0}.</translation>
    </message>
    <message>
        <source>dom0 keeps its management calls.</source>
        <translation>dom0 behält seine Verwaltungsaufrufe.</translation>
    </message>
    <message>
        <source>qrexec would deny every call: {0}</source>
        <translation>qrexec würde jeden Aufruf ablehnen: {0}</translation>
    </message>
    <message>
        <source>qrexec can read every file.</source>
        <translation>qrexec kann jede Datei lesen.</translation>
    </message>
</context>
<context>
    <name>Chips</name>
    <message>
        <source>Remove {0}</source>
        <translation>{0} entfernen</translation>
    </message>
    <message>
        <source>{0}, press to remove</source>
        <translation>{0}, zum Entfernen drücken</translation>
    </message>
</context>
<context>
    <name>ChoicePage</name>
    <message>
        <source>Which qubes</source>
        <translation>Welche Qubes</translation>
    </message>
    <message>
        <source>The settings are kept under this name, for the next time.</source>
        <translation>Die Einstellungen werden unter diesem Namen aufbewahrt, für das nächste Mal.</translation>
    </message>
    <message>
        <source>Re&amp;move</source>
        <translation>Ent&amp;fernen</translation>
    </message>
    <message>
        <source>Remove this profile; its backups stay.</source>
        <translation>Dieses Profil entfernen; seine Sicherungen bleiben.</translation>
    </message>
    <message>
        <source>The qubes that are ticked here</source>
        <translation>Die hier angekreuzten Qubes</translation>
    </message>
    <message>
        <source>Those with “include in backups”, also future ones</source>
        <translation>Die mit „in Sicherungen aufnehmen“, auch künftige</translation>
    </message>
    <message>
        <source>By name, class or tag, also future ones</source>
        <translation>Nach Name, Klasse oder Tag, auch künftige</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>Find a qube</source>
        <translation>Einen Qube suchen</translation>
    </message>
    <message>
        <source>Qubes</source>
        <translation>Qubes</translation>
    </message>
    <message>
        <source>&amp;Profile:</source>
        <translation>&amp;Profil:</translation>
    </message>
    <message>
        <source>&amp;Include:</source>
        <translation>&amp;Aufnehmen:</translation>
    </message>
    <message>
        <source>E&amp;xclude:</source>
        <translation>A&amp;uslassen:</translation>
    </message>
    <message>
        <source>The name of a profile has letters, digits, - and _.</source>
        <translation>Der Name eines Profils hat Buchstaben, Ziffern, - und _.</translation>
    </message>
    <message>
        <source>“{0}” is no qube, no $type:CLASS and no $tag:TAG.</source>
        <translation>„{0}“ ist kein Qube, kein $type:KLASSE und kein $tag:TAG.</translation>
    </message>
    <message>
        <source>Nothing would be backed up: choose a qube.</source>
        <translation>Es würde nichts gesichert: Wählen Sie einen Qube.</translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s)</source>
        <translation>
            <numerusform>%n Qube</numerusform>
            <numerusform>%n Qubes</numerusform>
        </translation>
    </message>
    <message>
        <source>{0}, at most {1} before compression</source>
        <translation>{0}, höchstens {1} vor der Kompression</translation>
    </message>
    <message>
        <source>Tick &amp;all</source>
        <translation>A&amp;lle ankreuzen</translation>
    </message>
    <message>
        <source>Tick non&amp;e</source>
        <translation>Kein&amp;en ankreuzen</translation>
    </message>
    <message>
        <source>All qubes that are listed. The space bar ticks the selected ones.</source>
        <translation>Alle aufgelisteten Qubes. Die Leertaste kreuzt die ausgewählten an.</translation>
    </message>
    <message>
        <source>Tic&amp;k them</source>
        <translation>&amp;Diese ankreuzen</translation>
    </message>
    <message numerus="yes">
        <source>%n new qube(s): {0}</source>
        <translation>
            <numerusform>%n neuer Qube: {0}</numerusform>
            <numerusform>%n neue Qubes: {0}</numerusform>
        </translation>
    </message>
    <message>
        <source>Back &amp;up:</source>
        <translation>&amp;Sichern:</translation>
    </message>
    <message numerus="yes">
        <source>%n running qube(s): backed up as the disks are when it begins</source>
        <translation>
            <numerusform>%n laufender Qube: gesichert, wie seine Datenträger zu Beginn sind</numerusform>
            <numerusform>%n laufende Qubes: gesichert, wie ihre Datenträger zu Beginn sind</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>CloneDialog</name>
    <message>
        <source>Clone {0}</source>
        <translation>{0} klonen</translation>
    </message>
    <message>
        <source>A copy of {0} with its data ({1}), settings and firewall.</source>
        <translation>Eine Kopie von {0} mit Daten ({1}), Einstellungen und Firewall.</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>&amp;Name:</translation>
    </message>
    <message>
        <source>&amp;Label:</source>
        <translation>&amp;Label:</translation>
    </message>
    <message>
        <source>As {0}</source>
        <translation>Wie {0}</translation>
    </message>
    <message>
        <source>&amp;Pool:</source>
        <translation>&amp;Pool:</translation>
    </message>
    <message>
        <source>&amp;Start it when it is ready</source>
        <translation>&amp;Starten, sobald er da ist</translation>
    </message>
    <message>
        <source>Clone</source>
        <translation>Klonen</translation>
    </message>
    <message>
        <source>The pool has only {0} free.</source>
        <translation>Im Pool sind nur {0} frei.</translation>
    </message>
</context>
<context>
    <name>Closing</name>
    <message>
        <source>{0}: the changes are not applied.</source>
        <translation>{0}: Die Änderungen sind nicht angewendet.</translation>
    </message>
    <message>
        <source>{0}: it is cancelled.</source>
        <translation>{0}: Es wird abgebrochen.</translation>
    </message>
    <message>
        <source>{0}: it continues without the window.</source>
        <translation>{0}: läuft ohne das Fenster weiter.</translation>
    </message>
    <message>
        <source>{0}: this program stays in the background for it.</source>
        <translation>{0}: Dieses Programm bleibt dafür im Hintergrund.</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Commands</source>
        <translation>Befehle</translation>
    </message>
    <message>
        <source>Matching commands</source>
        <translation>Passende Befehle</translation>
    </message>
    <message>
        <source>An action, a qube, or both: start photos, netvm work sys-vpn</source>
        <translation>Eine Aktion, ein Qube oder beides: starten photos, netvm work sys-vpn</translation>
    </message>
    <message>
        <source>Nothing found for “{0}”. Try a verb and a qube, such as “settings work firewall”.</source>
        <translation>Nichts gefunden für „{0}“. Versuchen Sie ein Verb und einen Qube, etwa „einstellungen work firewall“.</translation>
    </message>
</context>
<context>
    <name>CreateDialog</name>
    <message>
        <source>New qube</source>
        <translation>Neuer Qube</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>&amp;Name:</translation>
    </message>
    <message>
        <source>The colour shows at a glance how far you trust it.</source>
        <translation>Die Farbe, an der Sie auf einen Blick sehen, wie weit Sie ihm trauen.</translation>
    </message>
    <message>
        <source>&amp;Label:</source>
        <translation>&amp;Label:</translation>
    </message>
    <message>
        <source>&amp;Type:</source>
        <translation>&amp;Art:</translation>
    </message>
    <message>
        <source>T&amp;emplate:</source>
        <translation>&amp;Vorlage:</translation>
    </message>
    <message>
        <source>Net &amp;qube:</source>
        <translation>Netz-&amp;Qube:</translation>
    </message>
    <message>
        <source>&amp;Pool:</source>
        <translation>&amp;Pool:</translation>
    </message>
    <message>
        <source>as for other qubes</source>
        <translation>wie üblich</translation>
    </message>
    <message>
        <source>Private si&amp;ze:</source>
        <translation>Private &amp;Größe:</translation>
    </message>
    <message>
        <source>work, family</source>
        <translation>arbeit, familie</translation>
    </message>
    <message>
        <source>Ta&amp;gs:</source>
        <translation>&amp;Tags:</translation>
    </message>
    <message>
        <source>P&amp;rovides network to other qubes</source>
        <translation>Stellt anderen Qubes das Netz &amp;bereit</translation>
    </message>
    <message>
        <source>Is a template for &amp;disposables</source>
        <translation>Ist eine Vorlage für &amp;Wegwerf-Qubes</translation>
    </message>
    <message>
        <source>&amp;Start it when it is ready</source>
        <translation>&amp;Starten, sobald er da ist</translation>
    </message>
    <message>
        <source>&amp;Open its settings when it is ready</source>
        <translation>Seine &amp;Einstellungen öffnen, sobald er da ist</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>Anlegen</translation>
    </message>
    <message>
        <source>App qube</source>
        <translation>App-Qube</translation>
    </message>
    <message>
        <source>Standalone qube</source>
        <translation>Eigenständiger Qube</translation>
    </message>
    <message>
        <source>Named disposable</source>
        <translation>Benannter Wegwerf-Qube</translation>
    </message>
    <message>
        <source>Its system comes from the template at each start; it keeps what is yours.</source>
        <translation>Sein System kommt bei jedem Start aus der Vorlage; was Ihnen gehört, bleibt.</translation>
    </message>
    <message>
        <source>It forgets everything when it halts.</source>
        <translation>Er vergisst alles, sobald er ausgeht.</translation>
    </message>
    <message>
        <source>(empty system disk)</source>
        <translation>(leere Systemplatte)</translation>
    </message>
    <message>
        <source>Default ({0})</source>
        <translation>Standard ({0})</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>None: no network</source>
        <translation>Keiner: kein Netz</translation>
    </message>
    <message>
        <source>The pool has only {0} free.</source>
        <translation>Im Pool sind nur {0} frei.</translation>
    </message>
    <message>
        <source>There is no template to base it on.</source>
        <translation>Es gibt keine Vorlage, auf der er beruhen könnte.</translation>
    </message>
    <message>
        <source>A tag holds only letters, digits, _ and -</source>
        <translation>Ein Tag enthält nur Buchstaben, Ziffern, _ und -</translation>
    </message>
    <message>
        <source>A full copy of the template; it is updated by itself.</source>
        <translation>Eine eigene Kopie der Vorlage; er wird für sich aktualisiert.</translation>
    </message>
</context>
<context>
    <name>DeviceActions</name>
    <message>
        <source>Attach a device</source>
        <translation>Gerät verbinden</translation>
    </message>
    <message>
        <source>Nickname</source>
        <translation>Spitzname</translation>
    </message>
    <message>
        <source>&amp;Retry with {0}</source>
        <translation>Mit {0} noch einmal ve&amp;rsuchen</translation>
    </message>
    <message>
        <source>Attached in the settings of a halted qube</source>
        <translation>Wird in den Einstellungen eines ausgeschalteten Qubes verbunden</translation>
    </message>
    <message>
        <source>It is busy with another change.</source>
        <translation>Damit wird gerade etwas getan.</translation>
    </message>
    <message>
        <source>&amp;Favourite</source>
        <translation>&amp;Favorit</translation>
    </message>
    <message>
        <source>&amp;Nickname…</source>
        <translation>Spitz&amp;name …</translation>
    </message>
    <message>
        <source>&amp;Move to</source>
        <translation>&amp;Weitergeben an</translation>
    </message>
    <message>
        <source>&amp;Attach to</source>
        <translation>&amp;Verbinden mit</translation>
    </message>
    <message>
        <source>Another &amp;qube, or options…</source>
        <translation>Anderer &amp;Qube oder Optionen …</translation>
    </message>
    <message>
        <source>&amp;Detach from {0}</source>
        <translation>Von {0} &amp;trennen</translation>
    </message>
    <message>
        <source>&amp;Do not attach at the start of {0}</source>
        <translation>Beim Start von {0} nicht ver&amp;binden</translation>
    </message>
    <message>
        <source>Detach and &amp;shut down {0}</source>
        <translation>Trennen und {0} &amp;herunterfahren</translation>
    </message>
    <message>
        <source>It is no longer there.</source>
        <translation>Es ist nicht mehr da.</translation>
    </message>
</context>
<context>
    <name>DeviceChoices</name>
    <message>
        <source>PCI</source>
        <translation>PCI</translation>
    </message>
    <message>
        <source>disk</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>USB</source>
        <translation>USB</translation>
    </message>
    <message>
        <source>camera</source>
        <translation>Kamera</translation>
    </message>
    <message>
        <source>microphone</source>
        <translation>Mikrofon</translation>
    </message>
    <message>
        <source>read-only</source>
        <translation>nur lesen</translation>
    </message>
    <message>
        <source>no strict reset</source>
        <translation>ohne strenges Zurücksetzen</translation>
    </message>
    <message>
        <source>it is not there</source>
        <translation>nicht da</translation>
    </message>
    <message>
        <source>this qube</source>
        <translation>dieser Qube</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>ja</translation>
    </message>
    <message>
        <source>no</source>
        <translation>nein</translation>
    </message>
    <message>
        <source>{0} (edited)</source>
        <translation>{0} (bearbeitet)</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>At</source>
        <translation>An</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Attached to</source>
        <translation>Hat es jetzt</translation>
    </message>
    <message>
        <source>At each start</source>
        <translation>Bei jedem Start</translation>
    </message>
</context>
<context>
    <name>DeviceFeed</name>
    <message>
        <source>List the devices</source>
        <translation>Geräte auflisten</translation>
    </message>
</context>
<context>
    <name>DeviceModes</name>
    <message>
        <source>not assigned</source>
        <translation>nicht zugewiesen</translation>
    </message>
    <message>
        <source>attached by itself</source>
        <translation>von selbst verbunden</translation>
    </message>
    <message>
        <source>asks first</source>
        <translation>fragt vorher</translation>
    </message>
    <message>
        <source>required</source>
        <translation>erforderlich</translation>
    </message>
</context>
<context>
    <name>DeviceNotices</name>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Plugged in</source>
        <translation>Eingesteckt</translation>
    </message>
    <message>
        <source>Pulled</source>
        <translation>Abgezogen</translation>
    </message>
    <message>
        <source>Attached</source>
        <translation>Verbunden</translation>
    </message>
    <message>
        <source>Detached</source>
        <translation>Getrennt</translation>
    </message>
    <message>
        <source>{0} could not be attached. {1}</source>
        <translation>{0} konnte nicht verbunden werden. {1}</translation>
    </message>
    <message>
        <source>{0} is available ({1}).</source>
        <translation>{0} ist verfügbar ({1}).</translation>
    </message>
    <message>
        <source>{0} was removed.</source>
        <translation>{0} wurde entfernt.</translation>
    </message>
    <message>
        <source>{0} is attached to {1}.</source>
        <translation>{0} ist mit {1} verbunden.</translation>
    </message>
    <message>
        <source>{0} is detached from {1}.</source>
        <translation>{0} ist von {1} getrennt.</translation>
    </message>
    <message numerus="yes">
        <source>%n device(s) could not be attached</source>
        <translation>
            <numerusform>%n Gerät konnte nicht verbunden werden</numerusform>
            <numerusform>%n Geräte konnten nicht verbunden werden</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n device(s) available</source>
        <translation>
            <numerusform>%n Gerät verfügbar</numerusform>
            <numerusform>%n Geräte verfügbar</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n device(s) removed</source>
        <translation>
            <numerusform>%n Gerät entfernt</numerusform>
            <numerusform>%n Geräte entfernt</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n device(s) attached</source>
        <translation>
            <numerusform>%n Gerät verbunden</numerusform>
            <numerusform>%n Geräte verbunden</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n device(s) detached</source>
        <translation>
            <numerusform>%n Gerät getrennt</numerusform>
            <numerusform>%n Geräte getrennt</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>DeviceOperations</name>
    <message>
        <source>Attach {0} to {1}</source>
        <translation>{0} mit {1} verbinden</translation>
    </message>
    <message>
        <source>Move {0} from {1} to {2}</source>
        <translation>{0} von {1} zu {2} geben</translation>
    </message>
    <message>
        <source>Attach {0} to a new disposable of {1}</source>
        <translation>{0} mit einem neuen Wegwerf-Qube von {1} verbinden</translation>
    </message>
    <message>
        <source>Detach {0} from {1}</source>
        <translation>{0} von {1} trennen</translation>
    </message>
    <message>
        <source>Detach {0} and shut down {1}</source>
        <translation>{0} trennen und {1} herunterfahren</translation>
    </message>
    <message>
        <source>Shutting down</source>
        <translation>Fährt herunter</translation>
    </message>
    <message>
        <source>Starting {0}</source>
        <translation>{0} startet</translation>
    </message>
    <message>
        <source>dom0 did not confirm the change of {1} within {0} seconds.</source>
        <translation>dom0 hat die Änderung von {1} nicht innerhalb von {0} Sekunden bestätigt.</translation>
    </message>
</context>
<context>
    <name>DeviceQuestions</name>
    <message>
        <source>Attach {0} to {1}?</source>
        <translation>{0} mit {1} verbinden?</translation>
    </message>
</context>
<context>
    <name>DeviceTargets</name>
    <message>
        <source>new disposable of {0}</source>
        <translation>neuer Wegwerf-Qube von {0}</translation>
    </message>
    <message>
        <source>{0} (is started first)</source>
        <translation>{0} (wird zuerst gestartet)</translation>
    </message>
</context>
<context>
    <name>DeviceTree</name>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>At</source>
        <translation>An</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Disks</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Cameras</source>
        <translation>Kameras</translation>
    </message>
    <message>
        <source>Microphone</source>
        <translation>Mikrofon</translation>
    </message>
    <message>
        <source>USB devices</source>
        <translation>USB-Geräte</translation>
    </message>
    <message>
        <source>PCI devices (attached in a qube&apos;s settings)</source>
        <translation>PCI-Geräte (in den Einstellungen eines Qubes verbunden)</translation>
    </message>
    <message>
        <source>attached to {0}</source>
        <translation>{0} hat es</translation>
    </message>
    <message>
        <source>not there; for {0}</source>
        <translation>nicht da; für {0}</translation>
    </message>
    <message>
        <source>at the start of {0}</source>
        <translation>beim Start von {0}</translation>
    </message>
    <message>
        <source>at each start</source>
        <translation>bei jedem Start</translation>
    </message>
    <message>
        <source>new</source>
        <translation>neu</translation>
    </message>
    <message>
        <source>attaching to {0}…</source>
        <translation>wird mit {0} verbunden …</translation>
    </message>
    <message>
        <source>detaching from {0}…</source>
        <translation>wird von {0} getrennt …</translation>
    </message>
    <message>
        <source>failed with {0}</source>
        <translation>mit {0} misslungen</translation>
    </message>
    <message>
        <source>read-only</source>
        <translation>nur lesbar</translation>
    </message>
</context>
<context>
    <name>DeviceView</name>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
</context>
<context>
    <name>DevicesPage</name>
    <message>
        <source>Part of a device&apos;s name, kind or place</source>
        <translation>Teil des Namens, der Art oder des Orts eines Geräts</translation>
    </message>
    <message>
        <source>Find devices</source>
        <translation>Geräte suchen</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>Attach it at each &amp;start of the qube</source>
        <translation>Dem Qube bei jedem &amp;Start geben</translation>
    </message>
    <message>
        <source>Turn memory &amp;balancing off</source>
        <translation>Speicheraus&amp;gleich abschalten</translation>
    </message>
    <message>
        <source>A&amp;ttach a device now…</source>
        <translation>Jetzt ein Gerät &amp;verbinden …</translation>
    </message>
    <message>
        <source>&amp;Detach it now</source>
        <translation>Jetzt &amp;trennen</translation>
    </message>
    <message>
        <source>It is not attached to the qube now.</source>
        <translation>Der Qube hat es jetzt nicht.</translation>
    </message>
    <message>
        <source>dom0 has its own devices; none can be attached to it.</source>
        <translation>dom0 hat seine eigenen Geräte; ihm werden keine gegeben.</translation>
    </message>
    <message>
        <source>Neither dom0 nor any running qube offers a device.</source>
        <translation>Weder dom0 noch ein laufender Qube bietet ein Gerät an.</translation>
    </message>
    <message>
        <source>It is attached to {0} now.</source>
        <translation>{0} hat es jetzt.</translation>
    </message>
    <message>
        <source>It is also attached to {0} when that qube starts.</source>
        <translation>Beim Start bekommt es auch {0}.</translation>
    </message>
    <message>
        <source>&amp;Read-only</source>
        <translation>Nur &amp;lesen</translation>
    </message>
    <message>
        <source>Without strict &amp;reset</source>
        <translation>Ohne strenges &amp;Zurücksetzen</translation>
    </message>
    <message>
        <source>For a device that cannot be reset on its own. It may carry something over from its last qube.</source>
        <translation>Für ein Gerät, das sich nicht für sich zurücksetzen lässt. Es kann etwas von seinem vorigen Qube mitbringen.</translation>
    </message>
    <message>
        <source>It is also detached from the running qube.</source>
        <translation>Es wird auch dem laufenden Qube weggenommen.</translation>
    </message>
    <message>
        <source>Changed elsewhere meanwhile.</source>
        <translation>Inzwischen anderswo geändert.</translation>
    </message>
    <message>
        <source>No qube offers it now: it is not plugged in, or its qube is not running.</source>
        <translation>Niemand bietet es jetzt an: Es ist nicht eingesteckt, oder sein Qube läuft nicht.</translation>
    </message>
    <message>
        <source>How it is attached</source>
        <translation>Wie es vergeben wird</translation>
    </message>
    <message>
        <source>Attach it at each start, and when it is plugged in</source>
        <translation>Bei jedem Start verbinden, und wenn es eingesteckt wird</translation>
    </message>
    <message>
        <source>Ask at each start, and when it is plugged in</source>
        <translation>Bei jedem Start fragen, und wenn es eingesteckt wird</translation>
    </message>
    <message>
        <source>Required: do not start the qube without it</source>
        <translation>Erforderlich: den Qube nicht ohne es starten</translation>
    </message>
</context>
<context>
    <name>DevicesPanel</name>
    <message>
        <source>Search for a device, a qube or a kind</source>
        <translation>Gerät, Qube oder Art suchen</translation>
    </message>
    <message>
        <source>Search for a device</source>
        <translation>Gerät suchen</translation>
    </message>
    <message>
        <source>&amp;Attach…</source>
        <translation>&amp;Verbinden …</translation>
    </message>
    <message>
        <source>&amp;Detach</source>
        <translation>&amp;Trennen</translation>
    </message>
    <message>
        <source>&amp;Retry</source>
        <translation>Noch einmal ve&amp;rsuchen</translation>
    </message>
    <message>
        <source>&amp;Move…</source>
        <translation>&amp;Weitergeben …</translation>
    </message>
    <message>
        <source>No device matches “{0}”.</source>
        <translation>Kein Gerät passt zu „{0}“.</translation>
    </message>
    <message>
        <source>Waiting for the connection…</source>
        <translation>Wartet auf die Verbindung …</translation>
    </message>
    <message>
        <source>{0} has no devices.</source>
        <translation>{0} hat keine Geräte.</translation>
    </message>
    <message>
        <source>There are no devices.
What is plugged in shows up here.</source>
        <translation>Es gibt keine Geräte.
Was eingesteckt wird, erscheint hier.</translation>
    </message>
    <message>
        <source>M&amp;ore</source>
        <translation>&amp;Mehr</translation>
    </message>
</context>
<context>
    <name>DevicesWindow</name>
    <message>
        <source>Devices of {0}</source>
        <translation>Geräte von {0}</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
</context>
<context>
    <name>Differences</name>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>the default</source>
        <translation>der Standard</translation>
    </message>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Jetzt</translation>
    </message>
    <message>
        <source>Then</source>
        <translation>Dann</translation>
    </message>
    <message>
        <source>does not exist</source>
        <translation>nicht da</translation>
    </message>
    <message>
        <source>there</source>
        <translation>da</translation>
    </message>
    <message>
        <source>What</source>
        <translation>Was</translation>
    </message>
</context>
<context>
    <name>Dom0Box</name>
    <message>
        <source>dom0&apos;s confi&amp;guration</source>
        <translation>&amp;Konfiguration von dom0</translation>
    </message>
    <message>
        <source>Labels, pools, system properties, policy files and backup profiles, to be restored one by one.</source>
        <translation>Labels, Pools, Systemeigenschaften, Richtliniendateien und Sicherungsprofile; sie lassen sich einzeln wiederherstellen.</translation>
    </message>
    <message>
        <source>dom0&apos;s &amp;home</source>
        <translation>&amp;Home von dom0</translation>
    </message>
    <message>
        <source>The files of dom0&apos;s user, to be restored into a new folder. It needs dom0&apos;s configuration.</source>
        <translation>Die Dateien des Benutzers von dom0; sie werden in einen neuen Ordner wiederhergestellt. Dazu gehört die Konfiguration von dom0.</translation>
    </message>
    <message>
        <source>Only a profile that is set in dom0 backs up dom0.</source>
        <translation>Nur ein Profil, das in dom0 gesetzt ist, sichert dom0.</translation>
    </message>
    <message>
        <source>Tick the qubes, or name dom0 among those to include.</source>
        <translation>Wählen Sie die Qubes von Hand, oder nennen Sie dom0 unter den aufzunehmenden.</translation>
    </message>
</context>
<context>
    <name>EditsWindow</name>
    <message>
        <source>Leave without applying the changes?</source>
        <translation>Verlassen, ohne die Änderungen anzuwenden?</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Unsaved changes</source>
        <translation>Nicht gespeicherte Änderungen</translation>
    </message>
</context>
<context>
    <name>ErrorBar</name>
    <message numerus="yes">
        <source>%n more message(s)</source>
        <translation>
            <numerusform>%n weitere Meldung</numerusform>
            <numerusform>%n weitere Meldungen</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ExportAction</name>
    <message>
        <source>Export…</source>
        <translation>Exportieren …</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>Tabellen (*.csv)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
</context>
<context>
    <name>Failures</name>
    <message>
        <source>The backup {0} failed: {1}</source>
        <translation>Die Sicherung {0} ist fehlgeschlagen: {1}</translation>
    </message>
    <message>
        <source>The backup {0} is not complete: {1}</source>
        <translation>Die Sicherung {0} ist nicht vollständig: {1}</translation>
    </message>
    <message>
        <source>Backup</source>
        <translation>Sicherung</translation>
    </message>
    <message>
        <source>A restore or a verification failed, or some qubes were not restored. See its report.</source>
        <translation>Eine Wiederherstellung oder Prüfung ist fehlgeschlagen, oder einige Qubes wurden nicht wiederhergestellt. Siehe den Bericht.</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>Wiederherstellung</translation>
    </message>
</context>
<context>
    <name>FeatureTable</name>
    <message>
        <source>Feature</source>
        <translation>Feature</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>own</source>
        <translation>eigen</translation>
    </message>
    <message>
        <source>template {0}</source>
        <translation>Vorlage {0}</translation>
    </message>
    <message>
        <source>is removed</source>
        <translation>wird entfernt</translation>
    </message>
    <message>
        <source>edited</source>
        <translation>bearbeitet</translation>
    </message>
</context>
<context>
    <name>FieldEditor</name>
    <message>
        <source>Back to the default</source>
        <translation>Zurück zur Vorgabe</translation>
    </message>
    <message>
        <source>Changed elsewhere meanwhile.</source>
        <translation>Inzwischen anderswo geändert.</translation>
    </message>
    <message>
        <source>Changed elsewhere meanwhile; it was {0}.</source>
        <translation>Inzwischen anderswo geändert; es war {0}.</translation>
    </message>
    <message>
        <source>Changed elsewhere meanwhile; there it is {0}.</source>
        <translation>Inzwischen anderswo geändert; dort ist es {0}.</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>Undo this edit</source>
        <translation>Diese Änderung zurücknehmen</translation>
    </message>
    <message>
        <source>was {0}</source>
        <translation>war {0}</translation>
    </message>
    <message>
        <source>Takes effect after a restart.</source>
        <translation>Wird nach einem Neustart wirksam.</translation>
    </message>
</context>
<context>
    <name>FileEditing</name>
    <message>
        <source>Add a policy file</source>
        <translation>Eine Richtliniendatei hinzufügen</translation>
    </message>
    <message>
        <source>Import a policy file</source>
        <translation>Eine Richtliniendatei importieren</translation>
    </message>
    <message>
        <source>{0} cannot be read as text.</source>
        <translation>{0} lässt sich nicht als Text lesen.</translation>
    </message>
    <message>
        <source>New policy file</source>
        <translation>Neue Richtliniendatei</translation>
    </message>
</context>
<context>
    <name>FilePage</name>
    <message>
        <source>/media/disk/qubes-backup-…</source>
        <translation>/media/platte/qubes-backup-…</translation>
    </message>
    <message>
        <source>S&amp;how it</source>
        <translation>Anzei&amp;gen</translation>
    </message>
    <message>
        <source>Backup &amp;file:</source>
        <translation>Sicherungs&amp;datei:</translation>
    </message>
    <message>
        <source>&amp;Passphrase:</source>
        <translation>&amp;Passphrase:</translation>
    </message>
    <message>
        <source>Backups made here and by Qubes OS 4 can be read. Nothing is changed before you have seen what is in the file and what will happen with it.</source>
        <translation>Gelesen werden Sicherungen von hier und von Qubes OS 4. Es wird nichts geändert, bevor Sie gesehen haben, was in der Datei ist und was damit geschehen wird.</translation>
    </message>
    <message>
        <source>Choose a backup</source>
        <translation>Sicherung wählen</translation>
    </message>
    <message>
        <source>&amp;Only verify: read all of it, and restore nothing</source>
        <translation>Nur p&amp;rüfen: alles lesen und nichts wiederherstellen</translation>
    </message>
    <message>
        <source>The backup</source>
        <translation>Die Sicherung</translation>
    </message>
    <message>
        <source>Bro&amp;wse…</source>
        <translation>Durch&amp;suchen …</translation>
    </message>
    <message>
        <source>Which file?</source>
        <translation>Welche Datei?</translation>
    </message>
    <message>
        <source>The passphrase of the backup is needed.</source>
        <translation>Die Passphrase der Sicherung fehlt noch.</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>Wird gelesen …</translation>
    </message>
    <message>
        <source>&amp;Verify</source>
        <translation>Prü&amp;fen</translation>
    </message>
    <message>
        <source>Sa&amp;lvage: restore what is intact in a damaged file</source>
        <translation>Re&amp;tten: wiederherstellen, was in einer beschädigten Datei unversehrt ist</translation>
    </message>
    <message>
        <source>A qube is restored if all of its authenticated parts are intact. If the manifest of the backup is lost, a missing small file could go unnoticed; the result names the qubes concerned.</source>
        <translation>Ein Qube wird wiederhergestellt, wenn alle seine beglaubigten Teile unversehrt sind. Ist das Manifest der Sicherung verloren, könnte eine fehlende kleine Datei unbemerkt bleiben; das Ergebnis nennt die betroffenen Qubes.</translation>
    </message>
</context>
<context>
    <name>FilesList</name>
    <message>
        <source>Policy files</source>
        <translation>Richtliniendateien</translation>
    </message>
    <message>
        <source>Read in this order</source>
        <translation>In dieser Reihenfolge gelesen</translation>
    </message>
    <message>
        <source>Included</source>
        <translation>Eingebunden</translation>
    </message>
    <message>
        <source>Not read</source>
        <translation>Nicht gelesen</translation>
    </message>
    <message>
        <source>Removed</source>
        <translation>Entfernt</translation>
    </message>
    <message>
        <source>removed</source>
        <translation>entfernt</translation>
    </message>
    <message>
        <source>hidden</source>
        <translation>verdeckt</translation>
    </message>
    <message>
        <source>bad name</source>
        <translation>falscher Name</translation>
    </message>
    <message>
        <source>wrong</source>
        <translation>fehlerhaft</translation>
    </message>
    <message>
        <source>A file of the same name in /run/qubes/policy.d is read instead.</source>
        <translation>Statt ihrer wird eine Datei gleichen Namens in /run/qubes/policy.d gelesen.</translation>
    </message>
    <message>
        <source>conflict</source>
        <translation>Konflikt</translation>
    </message>
    <message>
        <source>It was changed elsewhere, too.</source>
        <translation>Sie wurde auch anderswo geändert.</translation>
    </message>
    <message numerus="yes">
        <source>%n edit(s)</source>
        <translation>
            <numerusform>%n Änderung</numerusform>
            <numerusform>%n Änderungen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s) decide nothing: earlier lines decide their calls.</source>
        <translation>
            <numerusform>%n Zeile entscheidet nichts: Frühere Zeilen entscheiden ihre Aufrufe.</numerusform>
            <numerusform>%n Zeilen entscheiden nichts: Frühere Zeilen entscheiden ihre Aufrufe.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n unreached</source>
        <translation>
            <numerusform>%n unerreicht</numerusform>
            <numerusform>%n unerreicht</numerusform>
        </translation>
    </message>
    <message>
        <source>No file includes it.</source>
        <translation>Keine Datei bindet sie ein.</translation>
    </message>
</context>
<context>
    <name>FirewallPage</name>
    <message>
        <source>Firewall rules</source>
        <translation>Firewall-Regeln</translation>
    </message>
    <message>
        <source>&amp;Add…</source>
        <translation>&amp;Hinzufügen …</translation>
    </message>
    <message>
        <source>&amp;Edit…</source>
        <translation>&amp;Bearbeiten …</translation>
    </message>
    <message>
        <source>&amp;Remove</source>
        <translation>&amp;Entfernen</translation>
    </message>
    <message>
        <source>&amp;Up</source>
        <translation>Nach &amp;oben</translation>
    </message>
    <message>
        <source>&amp;Down</source>
        <translation>Nach &amp;unten</translation>
    </message>
    <message>
        <source>Would it be allowed?</source>
        <translation>Käme es durch?</translation>
    </message>
    <message>
        <source>example.org or 10.0.0.1</source>
        <translation>example.org oder 10.0.0.1</translation>
    </message>
    <message>
        <source>Destination</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Port</source>
        <translation>Port</translation>
    </message>
    <message>
        <source>As&amp;k</source>
        <translation>F&amp;ragen</translation>
    </message>
    <message>
        <source>New firewall rule</source>
        <translation>Neue Firewall-Regel</translation>
    </message>
    <message>
        <source>Edit firewall rule</source>
        <translation>Firewall-Regel bearbeiten</translation>
    </message>
    <message>
        <source>Enter a destination.</source>
        <translation>Nennen Sie ein Ziel.</translation>
    </message>
    <message>
        <source>It would be allowed</source>
        <translation>Es käme durch</translation>
    </message>
    <message>
        <source>It would be dropped</source>
        <translation>Es würde verworfen</translation>
    </message>
    <message>
        <source>by the end of the list.</source>
        <translation>am Ende der Liste.</translation>
    </message>
    <message>
        <source>by rule {0}.</source>
        <translation>wegen Regel {0}.</translation>
    </message>
    <message>
        <source>Rules {0} might decide otherwise: their addresses are not known here.</source>
        <translation>Die Regeln {0} könnten anders entscheiden: Ihre Adressen sind hier nicht bekannt.</translation>
    </message>
    <message>
        <source>Connections that are open already stay open.</source>
        <translation>Verbindungen, die schon offen sind, bleiben offen.</translation>
    </message>
    <message>
        <source>Simple</source>
        <translation>Einfach</translation>
    </message>
    <message>
        <source>Full list</source>
        <translation>Vollständige Liste</translation>
    </message>
    <message>
        <source> min</source>
        <translation> Min.</translation>
    </message>
    <message>
        <source>Minutes of full access</source>
        <translation>Minuten vollen Zugangs</translation>
    </message>
    <message>
        <source>All&amp;ow all for</source>
        <translation>&amp;Alles erlauben für</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>As te&amp;xt</source>
        <translation>Als Te&amp;xt</translation>
    </message>
    <message>
        <source>&amp;Copy the list</source>
        <translation>Liste &amp;kopieren</translation>
    </message>
    <message>
        <source>&amp;Paste a list</source>
        <translation>Liste ein&amp;fügen</translation>
    </message>
    <message>
        <source>&amp;Export to a file…</source>
        <translation>In eine Datei e&amp;xportieren …</translation>
    </message>
    <message>
        <source>&amp;Import from a file…</source>
        <translation>Aus einer Datei &amp;importieren …</translation>
    </message>
    <message>
        <source>Export the rules</source>
        <translation>Regeln exportieren</translation>
    </message>
    <message>
        <source>Import rules</source>
        <translation>Regeln importieren</translation>
    </message>
    <message>
        <source>Firewall rules (*.rules)</source>
        <translation>Firewall-Regeln (*.rules)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>more: {0} min {1} s</source>
        <translation>noch {0} Min. {1} Sek.</translation>
    </message>
    <message>
        <source>is over</source>
        <translation>ist vorbei</translation>
    </message>
    <message>
        <source>The rules were changed elsewhere meanwhile.</source>
        <translation>Die Regeln wurden inzwischen anderswo geändert.</translation>
    </message>
    <message>
        <source>{0}, from when it is applied</source>
        <translation>{0}, ab dem Anwenden</translation>
    </message>
</context>
<context>
    <name>FirewallTable</name>
    <message>
        <source>Action</source>
        <translation>Aktion</translation>
    </message>
    <message>
        <source>Destination</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>Service</source>
        <translation>Dienst</translation>
    </message>
    <message>
        <source>Expires</source>
        <translation>Läuft ab</translation>
    </message>
    <message>
        <source>Comment</source>
        <translation>Kommentar</translation>
    </message>
    <message>
        <source>accept</source>
        <translation>annehmen</translation>
    </message>
    <message>
        <source>drop</source>
        <translation>verwerfen</translation>
    </message>
    <message>
        <source>the DNS servers</source>
        <translation>die DNS-Server</translation>
    </message>
    <message>
        <source>anywhere</source>
        <translation>überall</translation>
    </message>
    <message>
        <source>any</source>
        <translation>alle</translation>
    </message>
    <message>
        <source>in {0} min {1} s</source>
        <translation>in {0} Min. {1} Sek.</translation>
    </message>
    <message numerus="yes">
        <source>%n second(s)</source>
        <translation>
            <numerusform>%n Sekunde</numerusform>
            <numerusform>%n Sekunden</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s)</source>
        <translation>
            <numerusform>%n Tag</numerusform>
            <numerusform>%n Tage</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n hour(s)</source>
        <translation>
            <numerusform>%n Stunde</numerusform>
            <numerusform>%n Stunden</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s)</source>
        <translation>
            <numerusform>%n Minute</numerusform>
            <numerusform>%n Minuten</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} after it is applied</source>
        <translation>{0} nach dem Anwenden</translation>
    </message>
    <message>
        <source>only Qubes OS knows</source>
        <translation>nur Qubes OS bekannt</translation>
    </message>
</context>
<context>
    <name>Identity</name>
    <message>
        <source>Cl&amp;one…</source>
        <translation>&amp;Klonen …</translation>
    </message>
    <message>
        <source>&amp;Remove…</source>
        <translation>&amp;Entfernen …</translation>
    </message>
    <message>
        <source>Addresses</source>
        <translation>Adressen</translation>
    </message>
    <message>
        <source>none: it has no network</source>
        <translation>keine: es hat kein Netz</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>Klasse</translation>
    </message>
</context>
<context>
    <name>Inspector</name>
    <message>
        <source>About the selected qube</source>
        <translation>Über den ausgewählten Qube</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>Klasse</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>Netz</translation>
    </message>
    <message>
        <source>IP</source>
        <translation>IP</translation>
    </message>
    <message>
        <source>Disk</source>
        <translation>Platte</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Tags</translation>
    </message>
    <message>
        <source>Backup</source>
        <translation>Sicherung</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>Label: {0}</source>
        <translation>Label: {0}</translation>
    </message>
    <message>
        <source>{0} on {1}</source>
        <translation>{0} auf {1}</translation>
    </message>
    <message numerus="yes">
        <source>CPU {0} % of %n vcpu(s)</source>
        <translation>
            <numerusform>CPU {0} % von %n VCPU</numerusform>
            <numerusform>CPU {0} % von %n VCPUs</numerusform>
        </translation>
    </message>
    <message>
        <source>{0}: a loop</source>
        <translation>{0}: eine Schleife</translation>
    </message>
    <message>
        <source>leads to the internet</source>
        <translation>führt nach außen</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>{0}: {1} of {2}</source>
        <translation>{0}: {1} von {2}</translation>
    </message>
    <message>
        <source>restart needed</source>
        <translation>Neustart nötig</translation>
    </message>
    <message>
        <source>What may it do, and who may call it?</source>
        <translation>Was darf er, und wer darf ihn aufrufen?</translation>
    </message>
    <message>
        <source>Kept ready</source>
        <translation>Bereitgehalten</translation>
    </message>
    <message numerus="yes">
        <source>%n disposable(s)</source>
        <translation>
            <numerusform>%n Wegwerf-Qube</numerusform>
            <numerusform>%n Wegwerf-Qubes</numerusform>
        </translation>
    </message>
    <message>
        <source>What may it do?</source>
        <translation>Was darf er?</translation>
    </message>
    <message>
        <source>Applications…</source>
        <translation>Anwendungen …</translation>
    </message>
    <message>
        <source>The applications of the qube, and to start one</source>
        <translation>Die Anwendungen des Qubes zeigen und eine starten</translation>
    </message>
    <message>
        <source>Memory {0} of {1}</source>
        <translation>Speicher {0} von {1}</translation>
    </message>
</context>
<context>
    <name>LabelDialog</name>
    <message>
        <source>New label</source>
        <translation>Neues Label</translation>
    </message>
    <message>
        <source>C&amp;hoose…</source>
        <translation>&amp;Wählen …</translation>
    </message>
    <message>
        <source>&amp;Colour</source>
        <translation>&amp;Farbe</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>&amp;Name</translation>
    </message>
    <message>
        <source>A label&apos;s name holds small letters, digits and -</source>
        <translation>Der Name eines Labels enthält Kleinbuchstaben, Ziffern und -</translation>
    </message>
    <message>
        <source>There is a label {0} already.</source>
        <translation>Es gibt schon ein Label {0}.</translation>
    </message>
    <message>
        <source>A colour is written #RRGGBB.</source>
        <translation>Eine Farbe wird #RRGGBB geschrieben.</translation>
    </message>
</context>
<context>
    <name>LabelsPage</name>
    <message>
        <source>Label</source>
        <translation>Label</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>Farbe</translation>
    </message>
    <message>
        <source>Qubes</source>
        <translation>Qubes</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>&amp;New label…</source>
        <translation>&amp;Neues Label …</translation>
    </message>
    <message>
        <source>&amp;Remove…</source>
        <translation>&amp;Entfernen …</translation>
    </message>
    <message>
        <source>A label says how far you trust a qube; windows are framed in its colour.</source>
        <translation>Ein Label sagt, wie weit Sie einem Qube vertrauen; Fenster sind in seiner Farbe gerahmt.</translation>
    </message>
    <message>
        <source>{0} is the label of {1}.</source>
        <translation>{0} ist das Label von {1}.</translation>
    </message>
    <message>
        <source>New label</source>
        <translation>Neues Label</translation>
    </message>
    <message>
        <source>Create the label {0}</source>
        <translation>Das Label {0} anlegen</translation>
    </message>
    <message>
        <source>Remove a label</source>
        <translation>Label entfernen</translation>
    </message>
    <message>
        <source>Remove the label {0}?</source>
        <translation>Das Label {0} entfernen?</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Remove the label {0}</source>
        <translation>Das Label {0} entfernen</translation>
    </message>
</context>
<context>
    <name>Legend</name>
    <message>
        <source>both run</source>
        <translation>beide laufen</translation>
    </message>
    <message>
        <source>one is halted</source>
        <translation>einer ist ausgeschaltet</translation>
    </message>
    <message>
        <source>around a firewall</source>
        <translation>an einer Firewall vorbei</translation>
    </message>
    <message>
        <source>not sent yet</source>
        <translation>noch nicht gesendet</translation>
    </message>
    <message>
        <source>The cube is the label of the qube.</source>
        <translation>Der Würfel ist das Label des Qubes.</translation>
    </message>
</context>
<context>
    <name>LogsWindow</name>
    <message>
        <source>Logs of {0}</source>
        <translation>Protokolle von {0}</translation>
    </message>
    <message>
        <source>&amp;Log:</source>
        <translation>&amp;Protokoll:</translation>
    </message>
    <message>
        <source>&amp;Follow</source>
        <translation>&amp;Mitlesen</translation>
    </message>
    <message>
        <source>&amp;Wrap lines</source>
        <translation>Zeilen &amp;umbrechen</translation>
    </message>
    <message>
        <source>&amp;Refresh</source>
        <translation>&amp;Aktualisieren</translation>
    </message>
    <message>
        <source>Find (Ctrl+F)</source>
        <translation>Suchen (Strg+F)</translation>
    </message>
    <message>
        <source>Find in the log</source>
        <translation>Im Protokoll suchen</translation>
    </message>
    <message>
        <source>Not found.</source>
        <translation>Nicht gefunden.</translation>
    </message>
    <message>
        <source>There are no logs of this qube yet.</source>
        <translation>Von diesem Qube gibt es noch keine Protokolle.</translation>
    </message>
    <message numerus="yes">
        <source>%n line(s)</source>
        <translation>
            <numerusform>%n Zeile</numerusform>
            <numerusform>%n Zeilen</numerusform>
        </translation>
    </message>
    <message>
        <source>It is empty.</source>
        <translation>Es ist leer.</translation>
    </message>
    <message>
        <source>Loading the logs…</source>
        <translation>Die Protokolle werden geladen …</translation>
    </message>
    <message>
        <source>The logs cannot be read: {0}</source>
        <translation>Die Protokolle lassen sich nicht lesen: {0}</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Qubes Manager</source>
        <translation>Qubes Manager</translation>
    </message>
    <message>
        <source>{0}: {1}</source>
        <translation>{0}: {1}</translation>
    </message>
    <message>
        <source>&amp;New qube…</source>
        <translation>&amp;Neuer Qube …</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>&amp;Close window</source>
        <translation>Fenster &amp;schließen</translation>
    </message>
    <message>
        <source>&amp;Find</source>
        <translation>S&amp;uchen</translation>
    </message>
    <message>
        <source>Sa&amp;ve this view…</source>
        <translation>Diese A&amp;nsicht speichern …</translation>
    </message>
    <message>
        <source>&amp;Commands…</source>
        <translation>&amp;Befehle …</translation>
    </message>
    <message>
        <source>&amp;Shortcuts…</source>
        <translation>&amp;Tastenkürzel …</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>Write a &amp;report…</source>
        <translation>Einen &amp;Bericht schreiben …</translation>
    </message>
    <message>
        <source>&amp;About Qubes Manager</source>
        <translation>&amp;Über Qubes Manager</translation>
    </message>
    <message>
        <source>&amp;Sidebar</source>
        <translation>&amp;Seitenleiste</translation>
    </message>
    <message>
        <source>&amp;Inspector</source>
        <translation>&amp;Inspektor</translation>
    </message>
    <message>
        <source>&amp;Tasks</source>
        <translation>&amp;Aufgaben</translation>
    </message>
    <message>
        <source>&amp;Template</source>
        <translation>Vo&amp;rlage</translation>
    </message>
    <message>
        <source>La&amp;bel</source>
        <translation>&amp;Label</translation>
    </message>
    <message>
        <source>&amp;System</source>
        <translation>&amp;System</translation>
    </message>
    <message>
        <source>&amp;Qube</source>
        <translation>&amp;Qube</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Columns</source>
        <translation>S&amp;palten</translation>
    </message>
    <message>
        <source>T&amp;oolbar</source>
        <translation>S&amp;ymbolleiste</translation>
    </message>
    <message>
        <source>&amp;Tools</source>
        <translation>&amp;Werkzeuge</translation>
    </message>
    <message>
        <source>Toolbar</source>
        <translation>Symbolleiste</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation>Nichts gefunden</translation>
    </message>
    <message>
        <source>No qube matches the filter.</source>
        <translation>Kein Qube passt zum Filter.</translation>
    </message>
    <message>
        <source>Clear the filter</source>
        <translation>Filter leeren</translation>
    </message>
    <message>
        <source>The request was refused</source>
        <translation>Die Anfrage wurde abgelehnt</translation>
    </message>
    <message>
        <source>There is no connection</source>
        <translation>Es besteht keine Verbindung</translation>
    </message>
    <message>
        <source>Try now</source>
        <translation>Jetzt versuchen</translation>
    </message>
    <message>
        <source>Reading the qubes…</source>
        <translation>Die Qubes werden gelesen …</translation>
    </message>
    <message>
        <source>There are no qubes yet</source>
        <translation>Es gibt noch keine Qubes</translation>
    </message>
    <message>
        <source>Qubes keep apart what should not touch. Make the first one.</source>
        <translation>Qubes halten auseinander, was sich nicht berühren soll. Legen Sie den ersten an.</translation>
    </message>
    <message>
        <source>New qube…</source>
        <translation>Neuer Qube …</translation>
    </message>
    <message>
        <source>Save this view</source>
        <translation>Diese Ansicht speichern</translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>About</source>
        <translation>Über</translation>
    </message>
    <message>
        <source>&amp;Properties as columns…</source>
        <translation>&amp;Eigenschaften als Spalten …</translation>
    </message>
    <message>
        <source>Columns of properties</source>
        <translation>Spalten aus Eigenschaften</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>&amp;Attach</source>
        <translation>&amp;Verbinden</translation>
    </message>
    <message>
        <source>Inte&amp;rnal qubes</source>
        <translation>Inte&amp;rne Qubes</translation>
    </message>
    <message>
        <source>Show the qubes that have the feature internal, too.</source>
        <translation>Auch die Qubes zeigen, die das Feature internal haben.</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Close Qubes Manager now?</source>
        <translation>Qubes Manager jetzt schließen?</translation>
    </message>
    <message>
        <source>Close anyway</source>
        <translation>Trotzdem schließen</translation>
    </message>
    <message>
        <source>{0} - {1}</source>
        <translation>{0} - {1}</translation>
    </message>
    <message>
        <source>&amp;Global settings of Qubes OS…</source>
        <translation>Globale Einstellungen von Qubes &amp;OS …</translation>
    </message>
    <message>
        <source>Not installed here: {0}.</source>
        <translation>Hier nicht installiert: {0}.</translation>
    </message>
    <message>
        <source>The guide cannot be opened. It is in the folder {0}, or docs/guide of the sources.</source>
        <translation>Das Handbuch lässt sich nicht öffnen. Es steht im Ordner {0} oder in docs/guide der Quellen.</translation>
    </message>
    <message>
        <source>Re&amp;fresh</source>
        <translation>A&amp;ktualisieren</translation>
    </message>
    <message>
        <source>Show &amp;everything</source>
        <translation>Alles &amp;zeigen</translation>
    </message>
    <message>
        <source>Net &amp;qube</source>
        <translation>Netz-&amp;Qube</translation>
    </message>
    <message>
        <source>Halted by a restart, and not started again: {0}.</source>
        <translation>Von einem Neustart ausgeschaltet und nicht wieder gestartet: {0}.</translation>
    </message>
    <message>
        <source>&amp;Start</source>
        <translation>&amp;Starten</translation>
    </message>
</context>
<context>
    <name>ManagerDialog</name>
    <message>
        <source>Manager of qubes</source>
        <translation>Verwalter von Qubes</translation>
    </message>
    <message>
        <source>The manager may list the qubes, start and stop them, and read and change their settings, devices and data, without a question. It may not create or remove qubes.</source>
        <translation>Der Verwalter darf die Qubes auflisten, starten und ausschalten und ihre Einstellungen, Geräte und Daten lesen und ändern, ohne Rückfrage. Er darf keine Qubes anlegen oder entfernen.</translation>
    </message>
    <message>
        <source>&amp;Manager:</source>
        <translation>&amp;Verwalter:</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>Weiter</translation>
    </message>
</context>
<context>
    <name>Map</name>
    <message>
        <source>A loop: {0}.</source>
        <translation>Eine Schleife: {0}.</translation>
    </message>
    <message>
        <source>There is no qube {0}, which it refers to.</source>
        <translation>Es gibt keinen Qube {0}, auf den er verweist.</translation>
    </message>
    <message>
        <source>Its net qube {0} does not provide network.</source>
        <translation>Sein Netz-Qube {0} stellt kein Netz bereit.</translation>
    </message>
    <message>
        <source>Around the firewall: {0} enforces no rules.</source>
        <translation>An der Firewall vorbei: {0} setzt keine Regeln durch.</translation>
    </message>
    <message>
        <source>It has no network, but its disposables have: {0}.</source>
        <translation>Er hat kein Netz, aber seine Wegwerf-Qubes haben eines: {0}.</translation>
    </message>
    <message numerus="yes">
        <source>It enforces no firewall: the rules of %n qube(s) behind it have no effect.</source>
        <translation>
            <numerusform>Er setzt keine Firewall durch: Die Regeln von %n Qube dahinter wirken nicht.</numerusform>
            <numerusform>Er setzt keine Firewall durch: Die Regeln von %n Qubes dahinter wirken nicht.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s) below it</source>
        <translation>
            <numerusform>%n Qube darunter</numerusform>
            <numerusform>%n Qubes darunter</numerusform>
        </translation>
    </message>
    <message>
        <source>Without network</source>
        <translation>Ohne Netz</translation>
    </message>
    <message>
        <source>Drop a qube here to disconnect it.</source>
        <translation>Einen Qube hier ablegen, um ihn vom Netz zu trennen.</translation>
    </message>
    <message>
        <source>Its network goes around {0}.</source>
        <translation>Sein Netz führt an {0} vorbei.</translation>
    </message>
    <message>
        <source>in a loop</source>
        <translation>im Kreis</translation>
    </message>
    <message>
        <source>net qube is missing</source>
        <translation>Netz-Qube fehlt</translation>
    </message>
    <message>
        <source>no network from {0}</source>
        <translation>kein Netz von {0}</translation>
    </message>
    <message>
        <source>around {0}</source>
        <translation>an {0} vorbei</translation>
    </message>
    <message>
        <source>no firewall</source>
        <translation>keine Firewall</translation>
    </message>
    <message>
        <source>enforces no firewall</source>
        <translation>setzt keine Firewall durch</translation>
    </message>
    <message>
        <source>its disposables have network</source>
        <translation>seine Wegwerf-Qubes haben Netz</translation>
    </message>
    <message numerus="yes">
        <source>%n halted qube(s)</source>
        <translation>
            <numerusform>%n ausgeschalteter Qube</numerusform>
            <numerusform>%n ausgeschaltete Qubes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n more qube(s)</source>
        <translation>
            <numerusform>%n weiterer Qube</numerusform>
            <numerusform>%n weitere Qubes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n template(s)</source>
        <translation>
            <numerusform>%n Vorlage</numerusform>
            <numerusform>%n Vorlagen</numerusform>
        </translation>
    </message>
    <message>
        <source>Show fewer</source>
        <translation>Weniger zeigen</translation>
    </message>
    <message>
        <source>Internet</source>
        <translation>Internet</translation>
    </message>
    <message numerus="yes">
        <source>%n hop(s)</source>
        <translation>
            <numerusform>%n Schritt</numerusform>
            <numerusform>%n Schritte</numerusform>
        </translation>
    </message>
    <message>
        <source>Outside</source>
        <translation>Außen</translation>
    </message>
</context>
<context>
    <name>MapPage</name>
    <message>
        <source>&amp;Template</source>
        <translation>Vo&amp;rlage</translation>
    </message>
    <message>
        <source>Net &amp;qube</source>
        <translation>Netz-&amp;Qube</translation>
    </message>
    <message>
        <source>Network map</source>
        <translation>Netzkarte</translation>
    </message>
    <message>
        <source>Who routes through whom</source>
        <translation>Wer durch wen ins Netz kommt</translation>
    </message>
    <message>
        <source>Without network</source>
        <translation>Ohne Netz</translation>
    </message>
    <message>
        <source>What is based on what</source>
        <translation>Was auf welcher Vorlage beruht</translation>
    </message>
    <message>
        <source>Without a template</source>
        <translation>Ohne Vorlage</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>Tree</source>
        <translation>Baum</translation>
    </message>
    <message>
        <source>Templates</source>
        <translation>Vorlagen</translation>
    </message>
    <message>
        <source>Smaller</source>
        <translation>Kleiner</translation>
    </message>
    <message>
        <source>Show it in its usual size</source>
        <translation>In üblicher Größe zeigen</translation>
    </message>
    <message>
        <source>Larger</source>
        <translation>Größer</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>Einpassen</translation>
    </message>
    <message>
        <source>Show all of it</source>
        <translation>Alles zeigen</translation>
    </message>
    <message>
        <source>Export as SVG…</source>
        <translation>Als SVG exportieren …</translation>
    </message>
    <message>
        <source>Find a qube ({0})</source>
        <translation>Einen Qube suchen ({0})</translation>
    </message>
    <message>
        <source>Find a qube</source>
        <translation>Einen Qube suchen</translation>
    </message>
    <message>
        <source>Nothing found.</source>
        <translation>Nichts gefunden.</translation>
    </message>
    <message numerus="yes">
        <source>%n warning(s)</source>
        <translation>
            <numerusform>%n Warnung</numerusform>
            <numerusform>%n Warnungen</numerusform>
        </translation>
    </message>
    <message>
        <source>No template is missing.</source>
        <translation>Keine Vorlage fehlt.</translation>
    </message>
    <message>
        <source>Export the picture</source>
        <translation>Das Bild exportieren</translation>
    </message>
    <message>
        <source>Pictures (*.svg)</source>
        <translation>Bilder (*.svg)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>network-map.svg</source>
        <translation>netzkarte.svg</translation>
    </message>
    <message>
        <source>The picture is in {0}.</source>
        <translation>Das Bild ist in {0}.</translation>
    </message>
</context>
<context>
    <name>MapTree</name>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Warnings</source>
        <translation>Warnungen</translation>
    </message>
</context>
<context>
    <name>MapWindow</name>
    <message>
        <source>Network map</source>
        <translation>Netzkarte</translation>
    </message>
</context>
<context>
    <name>Mentions</name>
    <message>
        <source>and {0} more</source>
        <translation>und {0} weitere</translation>
    </message>
    <message>
        <source>These policy lines stay, and apply to any later qube of this name:</source>
        <translation>Diese Zeilen der Richtlinie bleiben und gelten für jeden späteren Qube dieses Namens:</translation>
    </message>
    <message>
        <source>Backup profiles that name it: {0}</source>
        <translation>Sicherungsprofile, die ihn nennen: {0}</translation>
    </message>
    <message>
        <source>Backup profiles that name them: {0}</source>
        <translation>Sicherungsprofile, in denen sie stehen: {0}</translation>
    </message>
</context>
<context>
    <name>MergeBar</name>
    <message>
        <source>Seen</source>
        <translation>Gesehen</translation>
    </message>
    <message>
        <source>Changed elsewhere meanwhile: {0}.</source>
        <translation>Inzwischen anderswo geändert: {0}.</translation>
    </message>
    <message>
        <source>the feature {0}</source>
        <translation>das Feature {0}</translation>
    </message>
    <message>
        <source>the tag {0}</source>
        <translation>das Tag {0}</translation>
    </message>
    <message>
        <source>the size of {0}</source>
        <translation>die Größe von {0}</translation>
    </message>
    <message>
        <source>the device {0}</source>
        <translation>das Gerät {0}</translation>
    </message>
    <message>
        <source>the firewall</source>
        <translation>die Firewall</translation>
    </message>
    <message>
        <source>the notes</source>
        <translation>die Notizen</translation>
    </message>
    <message>
        <source>Keep m&amp;ine</source>
        <translation>Me&amp;ine behalten</translation>
    </message>
    <message>
        <source>&amp;Take theirs</source>
        <translation>&amp;Die andere nehmen</translation>
    </message>
    <message>
        <source>There is no connection.</source>
        <translation>Es gibt keine Verbindung.</translation>
    </message>
    <message>
        <source>The connection is lost, so this may be out of date. Trying again.</source>
        <translation>Die Verbindung ist verloren: Das hier ist vielleicht alt. Sie wird immer wieder versucht.</translation>
    </message>
    <message>
        <source>Changed elsewhere meanwhile, and edited here: {0}. Which do you want to keep?</source>
        <translation>Inzwischen anderswo geändert und hier bearbeitet: {0}. Welche Änderung soll gelten?</translation>
    </message>
    <message>
        <source>Choose which change to keep.</source>
        <translation>Sagen Sie zuerst, welche der beiden Änderungen gelten soll.</translation>
    </message>
    <message>
        <source>the start of its net qube</source>
        <translation>der Start seines Netz-Qubes</translation>
    </message>
</context>
<context>
    <name>MultiWindow</name>
    <message numerus="yes">
        <source>Settings of %n qube(s)</source>
        <translation>
            <numerusform>Einstellungen von %n Qube</numerusform>
            <numerusform>Einstellungen von %n Qubes</numerusform>
        </translation>
    </message>
    <message>
        <source>Basic</source>
        <translation>Allgemein</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>Erweitert</translation>
    </message>
    <message>
        <source>What would change</source>
        <translation>Was anders würde</translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s) would change:</source>
        <translation>
            <numerusform>%n Qube würde anders:</numerusform>
            <numerusform>%n Qubes würden anders:</numerusform>
        </translation>
    </message>
    <message>
        <source>No changes yet.</source>
        <translation>Noch ist nichts anders.</translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s) refused; the others were changed.</source>
        <translation>
            <numerusform>%n Qube hat abgelehnt; die anderen wurden geändert.</numerusform>
            <numerusform>%n Qubes haben abgelehnt; die anderen wurden geändert.</numerusform>
        </translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Tags</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Anwenden</translation>
    </message>
</context>
<context>
    <name>NetvmPrompt</name>
    <message>
        <source>Net qube</source>
        <translation>Netz-Qube</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>Net qube of {0}:</source>
        <translation>Netz-Qube von {0}:</translation>
    </message>
    <message numerus="yes">
        <source>Net qube of %n qube(s):</source>
        <translation>
            <numerusform>Netz-Qube von %n Qube:</numerusform>
            <numerusform>Netz-Qube von %n Qubes:</numerusform>
        </translation>
    </message>
    <message>
        <source>Enter reviews the plan. Esc cancels.</source>
        <translation>Eingabe zeigt den Plan. Esc bricht ab.</translation>
    </message>
</context>
<context>
    <name>NetworkPicture</name>
    <message>
        <source>net qube {0}</source>
        <translation>Netz-Qube {0}</translation>
    </message>
    <message>
        <source>no net qube</source>
        <translation>kein Netz-Qube</translation>
    </message>
    <message>
        <source>Network map</source>
        <translation>Netzkarte</translation>
    </message>
    <message>
        <source>Drop to review the plan. Esc cancels.</source>
        <translation>Ablegen zeigt den Plan. Esc bricht ab.</translation>
    </message>
</context>
<context>
    <name>NewFileDialog</name>
    <message>
        <source>An &amp;include: read only where another file names it</source>
        <translation>Zum &amp;Einbinden: nur gelesen, wo eine andere Datei sie nennt</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>&amp;Name</translation>
    </message>
    <message>
        <source>Files are read in the order of their names: 30-user comes before 90-default.</source>
        <translation>Dateien werden in der Reihenfolge ihrer Namen gelesen: 30-user kommt vor 90-default.</translation>
    </message>
    <message>
        <source>A name holds only a-z, 0-9, _ . and -; with any other name qrexec denies every call.</source>
        <translation>Ein Name besteht nur aus a-z, 0-9, _ . und -; bei jedem anderen Namen lehnt qrexec alle Aufrufe ab.</translation>
    </message>
    <message>
        <source>There is a file of this name already.</source>
        <translation>Eine Datei dieses Namens gibt es schon.</translation>
    </message>
</context>
<context>
    <name>NewQube</name>
    <message>
        <source>Copying volumes</source>
        <translation>Datenträger werden kopiert</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Startet</translation>
    </message>
</context>
<context>
    <name>NicknameDialog</name>
    <message>
        <source>Nickname of a device</source>
        <translation>Spitzname eines Geräts</translation>
    </message>
    <message>
        <source>&amp;Nickname</source>
        <translation>Spitz&amp;name</translation>
    </message>
</context>
<context>
    <name>NotesDialog</name>
    <message>
        <source>Notes of {0}</source>
        <translation>Notizen zu {0}</translation>
    </message>
    <message>
        <source>What this qube is for, and what to remember about it.</source>
        <translation>Wofür dieser Qube da ist, was zu beachten ist.</translation>
    </message>
    <message>
        <source>Notes hold at most 256 KiB.</source>
        <translation>Notizen fassen höchstens 256 KiB.</translation>
    </message>
</context>
<context>
    <name>NotesPage</name>
    <message>
        <source>What this qube is for, and what to know about it.</source>
        <translation>Wozu dieser Qube da ist und was man über ihn wissen sollte.</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
</context>
<context>
    <name>Notice</name>
    <message>
        <source>Close this message</source>
        <translation>Diese Meldung schließen</translation>
    </message>
</context>
<context>
    <name>Offers</name>
    <message>
        <source>{0} ({1} free)</source>
        <translation>{0} ({1} frei)</translation>
    </message>
</context>
<context>
    <name>Operations</name>
    <message>
        <source>Kill {0}</source>
        <translation>{0} hart beenden</translation>
    </message>
    <message>
        <source>New qube</source>
        <translation>Neuer Qube</translation>
    </message>
    <message>
        <source>Clone</source>
        <translation>Klonen</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>Create {0}</source>
        <translation>{0} anlegen</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Clone {0} as {1}</source>
        <translation>{0} als {1} klonen</translation>
    </message>
    <message>
        <source>Rename {0} to {1}</source>
        <translation>{0} in {1} umbenennen</translation>
    </message>
    <message>
        <source>Save the notes of {0}</source>
        <translation>Notizen zu {0} speichern</translation>
    </message>
    <message>
        <source>Wait</source>
        <translation>Warten</translation>
    </message>
    <message>
        <source>Leave it running</source>
        <translation>Weiterlaufen lassen</translation>
    </message>
    <message>
        <source>Run a command</source>
        <translation>Befehl ausführen</translation>
    </message>
    <message>
        <source>Open a terminal in {0}</source>
        <translation>Terminal in {0} öffnen</translation>
    </message>
    <message>
        <source>Update {0}</source>
        <translation>{0} aktualisieren</translation>
    </message>
    <message>
        <source>Run {0} in {1}</source>
        <translation>{0} in {1} ausführen</translation>
    </message>
    <message>
        <source>It runs.</source>
        <translation>Es läuft.</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>leave them where they are</source>
        <translation>lassen, wo sie sind</translation>
    </message>
    <message>
        <source>Qubes that use what is removed:</source>
        <translation>Qubes, die nutzen, was entfernt wird:</translation>
    </message>
    <message>
        <source>Add {0} to the menus</source>
        <translation>{0} in die Menüs aufnehmen</translation>
    </message>
    <message>
        <source>Global settings of Qubes OS</source>
        <translation>Globale Einstellungen von Qubes OS</translation>
    </message>
    <message numerus="yes">
        <source>Update %n qube(s)</source>
        <translation>
            <numerusform>%n Qube aktualisieren</numerusform>
            <numerusform>%n Qubes aktualisieren</numerusform>
        </translation>
    </message>
    <message>
        <source>Applications</source>
        <translation>Anwendungen</translation>
    </message>
    <message>
        <source>Start {0} in {1}</source>
        <translation>{0} in {1} starten</translation>
    </message>
    <message>
        <source>Manager of qubes</source>
        <translation>Verwalter von Qubes</translation>
    </message>
    <message>
        <source>Show what would change</source>
        <translation>Zeigen, was sich ändern würde</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>All qubes</source>
        <translation>Alle Qubes</translation>
    </message>
    <message>
        <source>Backups</source>
        <translation>Sicherungen</translation>
    </message>
    <message>
        <source>Timeline</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Network map</source>
        <translation>Netzkarte</translation>
    </message>
    <message>
        <source>Resources</source>
        <translation>Ressourcen</translation>
    </message>
    <message>
        <source>Updates</source>
        <translation>Updates</translation>
    </message>
</context>
<context>
    <name>PaletteCommands</name>
    <message>
        <source>Net qube</source>
        <translation>Netz-Qube</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>Label</translation>
    </message>
    <message>
        <source>Basic</source>
        <translation>Allgemein</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>Erweitert</translation>
    </message>
    <message>
        <source>Firewall</source>
        <translation>Firewall</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>Volumes</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Services</source>
        <translation>Dienste</translation>
    </message>
    <message>
        <source>Features and tags</source>
        <translation>Features und Tags</translation>
    </message>
    <message>
        <source>All properties</source>
        <translation>Alle Eigenschaften</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>qube</source>
        <translation>Qube</translation>
    </message>
</context>
<context>
    <name>PassphrasePage</name>
    <message>
        <source>Passphrase</source>
        <translation>Passphrase</translation>
    </message>
    <message>
        <source>I type it now</source>
        <translation>Ich gebe sie jetzt ein</translation>
    </message>
    <message>
        <source>The first line of a file in dom0</source>
        <translation>Die erste Zeile einer Datei in dom0</translation>
    </message>
    <message>
        <source>A qube gives it</source>
        <translation>Ein Qube gibt sie</translation>
    </message>
    <message>
        <source>&amp;Show it</source>
        <translation>&amp;Anzeigen</translation>
    </message>
    <message>
        <source>&amp;Generate one</source>
        <translation>Eine e&amp;rfinden</translation>
    </message>
    <message>
        <source>Thirty random letters and digits: write them down.</source>
        <translation>Dreißig zufällige Buchstaben und Ziffern: Schreiben Sie sie auf.</translation>
    </message>
    <message>
        <source>Strength</source>
        <translation>Stärke</translation>
    </message>
    <message>
        <source>standard: a third of a second for each guess</source>
        <translation>standard: eine Drittelsekunde für jeden Versuch</translation>
    </message>
    <message>
        <source>strong: slower to guess, and to read; 1 GiB of memory</source>
        <translation>stark: langsamer zu erraten und zu lesen; 1 GiB Speicher</translation>
    </message>
    <message>
        <source>quick: only for a generated passphrase</source>
        <translation>schnell: nur für eine zufällig erfundene</translation>
    </message>
    <message>
        <source>&amp;Where from:</source>
        <translation>Wo&amp;her:</translation>
    </message>
    <message>
        <source>&amp;Passphrase:</source>
        <translation>&amp;Passphrase:</translation>
    </message>
    <message>
        <source>&amp;Once more:</source>
        <translation>&amp;Noch einmal:</translation>
    </message>
    <message>
        <source>Strength:</source>
        <translation>Stärke:</translation>
    </message>
    <message>
        <source>&amp;File:</source>
        <translation>&amp;Datei:</translation>
    </message>
    <message>
        <source>&amp;Qube:</source>
        <translation>&amp;Qube:</translation>
    </message>
    <message>
        <source>&amp;Key derivation:</source>
        <translation>Schlüss&amp;elableitung:</translation>
    </message>
    <message>
        <source>Name the file by its whole path, from /.</source>
        <translation>Nennen Sie die Datei mit ganzem Pfad, ab /.</translation>
    </message>
    <message>
        <source>There is no qube that could give it.</source>
        <translation>Es gibt keinen Qube, der sie geben könnte.</translation>
    </message>
    <message>
        <source>A backup needs a passphrase.</source>
        <translation>Eine Sicherung braucht eine Passphrase.</translation>
    </message>
    <message>
        <source>The two passphrases differ.</source>
        <translation>Die beiden Passphrasen unterscheiden sich.</translation>
    </message>
    <message>
        <source>Type it once more.</source>
        <translation>Geben Sie sie noch einmal ein.</translation>
    </message>
    <message>
        <source>The quick key derivation is only for a passphrase that was generated here.</source>
        <translation>Die schnelle Schlüsselableitung ist nur für eine hier erfundene Passphrase.</translation>
    </message>
    <message>
        <source>A passphrase is one line of text with at most {0} bytes.</source>
        <translation>Eine Passphrase ist eine Zeile Text mit höchstens {0} Bytes.</translation>
    </message>
    <message>
        <source>Without it no one can read the backup, not even you. It is not stored, and cannot be recovered.</source>
        <translation>Ohne sie kann niemand die Sicherung lesen, auch Sie nicht. Sie wird nicht aufbewahrt und lässt sich nicht wiederfinden.</translation>
    </message>
    <message>
        <source>Stored in the profile</source>
        <translation>Sie steht im Profil</translation>
    </message>
</context>
<context>
    <name>Plan</name>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} von {1}</translation>
    </message>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>und ein weiterer</numerusform>
            <numerusform>und %n weitere</numerusform>
        </translation>
    </message>
    <message>
        <source>Not started.</source>
        <translation>Nicht begonnen.</translation>
    </message>
    <message numerus="yes">
        <source>{0} and %n more</source>
        <translation>
            <numerusform>{0} und ein weiterer</numerusform>
            <numerusform>{0} und %n weitere</numerusform>
        </translation>
    </message>
    <message>
        <source>Set {0} of {1}</source>
        <translation>{0} von {1} setzen</translation>
    </message>
    <message numerus="yes">
        <source>Set {0} of %n qube(s)</source>
        <translation>
            <numerusform>{0} von %n Qube setzen</numerusform>
            <numerusform>{0} von %n Qubes setzen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Change %n qube(s)</source>
        <translation>
            <numerusform>%n Qube ändern</numerusform>
            <numerusform>%n Qubes ändern</numerusform>
        </translation>
    </message>
    <message>
        <source>Start {0}</source>
        <translation>{0} starten</translation>
    </message>
    <message numerus="yes">
        <source>Start %n qube(s)</source>
        <translation>
            <numerusform>%n Qube starten</numerusform>
            <numerusform>%n Qubes starten</numerusform>
        </translation>
    </message>
    <message>
        <source>Pause {0}</source>
        <translation>{0} anhalten</translation>
    </message>
    <message numerus="yes">
        <source>Pause %n qube(s)</source>
        <translation>
            <numerusform>%n Qube anhalten</numerusform>
            <numerusform>%n Qubes anhalten</numerusform>
        </translation>
    </message>
    <message>
        <source>Unpause {0}</source>
        <translation>{0} fortsetzen</translation>
    </message>
    <message numerus="yes">
        <source>Unpause %n qube(s)</source>
        <translation>
            <numerusform>%n Qube fortsetzen</numerusform>
            <numerusform>%n Qubes fortsetzen</numerusform>
        </translation>
    </message>
    <message>
        <source>Suspend {0}</source>
        <translation>{0} schlafen legen</translation>
    </message>
    <message numerus="yes">
        <source>Suspend %n qube(s)</source>
        <translation>
            <numerusform>%n Qube schlafen legen</numerusform>
            <numerusform>%n Qubes schlafen legen</numerusform>
        </translation>
    </message>
    <message>
        <source>Resume {0}</source>
        <translation>{0} aufwecken</translation>
    </message>
    <message numerus="yes">
        <source>Resume %n qube(s)</source>
        <translation>
            <numerusform>%n Qube aufwecken</numerusform>
            <numerusform>%n Qubes aufwecken</numerusform>
        </translation>
    </message>
    <message>
        <source>Shut down {0}</source>
        <translation>{0} herunterfahren</translation>
    </message>
    <message numerus="yes">
        <source>Shut down %n qube(s)</source>
        <translation>
            <numerusform>%n Qube herunterfahren</numerusform>
            <numerusform>%n Qubes herunterfahren</numerusform>
        </translation>
    </message>
    <message>
        <source>Restart {0}</source>
        <translation>{0} neu starten</translation>
    </message>
    <message numerus="yes">
        <source>Restart %n qube(s)</source>
        <translation>
            <numerusform>%n Qube neu starten</numerusform>
            <numerusform>%n Qubes neu starten</numerusform>
        </translation>
    </message>
    <message>
        <source>Kill {0}</source>
        <translation>{0} hart beenden</translation>
    </message>
    <message numerus="yes">
        <source>Kill %n qube(s)</source>
        <translation>
            <numerusform>%n Qube hart beenden</numerusform>
            <numerusform>%n Qubes hart beenden</numerusform>
        </translation>
    </message>
    <message>
        <source>Remove {0}</source>
        <translation>{0} entfernen</translation>
    </message>
    <message numerus="yes">
        <source>Remove %n qube(s)</source>
        <translation>
            <numerusform>%n Qube entfernen</numerusform>
            <numerusform>%n Qubes entfernen</numerusform>
        </translation>
    </message>
    <message>
        <source>Clone {0}</source>
        <translation>{0} klonen</translation>
    </message>
    <message numerus="yes">
        <source>Clone %n qube(s)</source>
        <translation>
            <numerusform>%n Qube klonen</numerusform>
            <numerusform>%n Qubes klonen</numerusform>
        </translation>
    </message>
    <message>
        <source>Apply the settings of {0}</source>
        <translation>Einstellungen von {0} anwenden</translation>
    </message>
    <message numerus="yes">
        <source>Apply the settings of %n qube(s)</source>
        <translation>
            <numerusform>Einstellungen von %n Qube anwenden</numerusform>
            <numerusform>Einstellungen von %n Qubes anwenden</numerusform>
        </translation>
    </message>
    <message>
        <source>Undo: {0} of {1}</source>
        <translation>Rückgängig: {0} von {1}</translation>
    </message>
    <message numerus="yes">
        <source>Undo: {0} of %n qube(s)</source>
        <translation>
            <numerusform>Rückgängig: {0} von %n Qube</numerusform>
            <numerusform>Rückgängig: {0} von %n Qubes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Undo %n change(s)</source>
        <translation>
            <numerusform>%n Änderung rückgängig machen</numerusform>
            <numerusform>%n Änderungen rückgängig machen</numerusform>
        </translation>
    </message>
    <message>
        <source>net qube</source>
        <translation>Netz-Qube</translation>
    </message>
    <message>
        <source>label</source>
        <translation>Label</translation>
    </message>
    <message>
        <source>template</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>changes</source>
        <translation>Änderungen</translation>
    </message>
    <message>
        <source>{0} as {1}</source>
        <translation>{0} als {1}</translation>
    </message>
    <message>
        <source>Set {0} to its default</source>
        <translation>{0} auf den Standard setzen</translation>
    </message>
    <message>
        <source>Set {0} to {1}</source>
        <translation>{0} auf {1} setzen</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>Shut down {0} and the qubes that use its network</source>
        <translation>{0} und die Qubes herunterfahren, die sein Netz nutzen</translation>
    </message>
    <message>
        <source>Start {0} of {1} qubes</source>
        <translation>{0} von {1} Qubes starten</translation>
    </message>
    <message numerus="yes">
        <source>%n to change.</source>
        <translation>
            <numerusform>Einer wird geändert.</numerusform>
            <numerusform>%n werden geändert.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n left out by you.</source>
        <translation>
            <numerusform>Einen haben Sie ausgelassen.</numerusform>
            <numerusform>%n haben Sie ausgelassen.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n cannot change.</source>
        <translation>
            <numerusform>Einer kann nicht geändert werden.</numerusform>
            <numerusform>%n können nicht geändert werden.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n need no change.</source>
        <translation>
            <numerusform>Einer ist schon so.</numerusform>
            <numerusform>%n sind schon so.</numerusform>
        </translation>
    </message>
    <message>
        <source>Qubes that give network start first.</source>
        <translation>Qubes, die Netz geben, starten zuerst.</translation>
    </message>
    <message>
        <source>Qubes that use network halt first, those that give it last.</source>
        <translation>Qubes, die Netz nutzen, gehen zuerst aus, die es geben, zuletzt.</translation>
    </message>
    <message>
        <source>Qubes that use network halt first and start last.</source>
        <translation>Qubes, die Netz nutzen, gehen zuerst aus und starten zuletzt.</translation>
    </message>
    <message>
        <source>Only a backup brings a removed qube back.</source>
        <translation>Nur eine Sicherung bringt einen entfernten Qube zurück.</translation>
    </message>
    <message numerus="yes">
        <source>Disconnect %n qube(s)</source>
        <translation>
            <numerusform>Einen Qube trennen</numerusform>
            <numerusform>%n Qubes trennen</numerusform>
        </translation>
    </message>
    <message>
        <source>running: they lose their network now</source>
        <translation>laufend: Sie verlieren jetzt ihr Netz</translation>
    </message>
    <message>
        <source>halted: they start without network</source>
        <translation>aus: Sie starten ohne Netz</translation>
    </message>
    <message>
        <source>from their next start</source>
        <translation>ab ihrem nächsten Start</translation>
    </message>
    <message>
        <source>more lose their network: {0}</source>
        <translation>weitere verlieren ihr Netz: {0}</translation>
    </message>
    <message>
        <source>start, at most {0} at a time</source>
        <translation>starten, höchstens {0} gleichzeitig</translation>
    </message>
    <message numerus="yes">
        <source>shut down, in %n step(s)</source>
        <translation>
            <numerusform>herunterfahren, in einem Schritt</numerusform>
            <numerusform>herunterfahren, in %n Schritten</numerusform>
        </translation>
    </message>
    <message>
        <source>halt and start again</source>
        <translation>ausgehen und wieder starten</translation>
    </message>
    <message>
        <source>pause</source>
        <translation>anhalten</translation>
    </message>
    <message>
        <source>continue</source>
        <translation>weiterlaufen</translation>
    </message>
    <message>
        <source>are suspended</source>
        <translation>werden schlafen gelegt</translation>
    </message>
    <message>
        <source>are killed at once</source>
        <translation>werden sofort hart beendet</translation>
    </message>
    <message>
        <source>are removed with their data</source>
        <translation>werden mit ihren Daten entfernt</translation>
    </message>
    <message>
        <source>are cloned with their data</source>
        <translation>werden mit ihren Daten geklont</translation>
    </message>
    <message>
        <source>change now</source>
        <translation>ändern sich jetzt</translation>
    </message>
    <message>
        <source>change</source>
        <translation>ändern sich</translation>
    </message>
    <message>
        <source>use another qube then</source>
        <translation>nutzen dann einen anderen Qube</translation>
    </message>
    <message>
        <source>disposable: the data is lost</source>
        <translation>Wegwerf-Qube: Die Daten gehen verloren</translation>
    </message>
    <message>
        <source>not possible, reasons below</source>
        <translation>nicht möglich, Gründe unten</translation>
    </message>
    <message>
        <source>needed at least</source>
        <translation>mindestens nötig</translation>
    </message>
    <message>
        <source>Lose their network now</source>
        <translation>Verlieren jetzt ihr Netz</translation>
    </message>
    <message>
        <source>Change while they run</source>
        <translation>Ändern sich im Lauf</translation>
    </message>
    <message>
        <source>Not possible</source>
        <translation>Nicht möglich</translation>
    </message>
    <message>
        <source>From their next start</source>
        <translation>Ab ihrem nächsten Start</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>Ändern</translation>
    </message>
    <message>
        <source>Start again</source>
        <translation>Starten wieder</translation>
    </message>
    <message>
        <source>Use it now</source>
        <translation>Nutzen ihn jetzt</translation>
    </message>
    <message>
        <source>No change</source>
        <translation>Schon so</translation>
    </message>
    <message>
        <source>Killed</source>
        <translation>Hart beendet</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>Laufen weiter</translation>
    </message>
    <message>
        <source>Removed</source>
        <translation>Entfernt</translation>
    </message>
    <message>
        <source>Cloned</source>
        <translation>Geklont</translation>
    </message>
    <message>
        <source>{0}, of which {1} left out</source>
        <translation>{0}, davon {1} ausgelassen</translation>
    </message>
    <message>
        <source>First, net qubes</source>
        <translation>Zuerst Netz-Qubes</translation>
    </message>
    <message>
        <source>At most {0} at a time</source>
        <translation>Höchstens {0} gleichzeitig</translation>
    </message>
    <message>
        <source>Last</source>
        <translation>Zuletzt</translation>
    </message>
    <message>
        <source>At the same time</source>
        <translation>Gleichzeitig</translation>
    </message>
    <message>
        <source>Then</source>
        <translation>Dann</translation>
    </message>
    <message>
        <source>its default</source>
        <translation>seinen Standard</translation>
    </message>
    <message>
        <source>{0} of {1} is now {2}.</source>
        <translation>{0} von {1} ist jetzt {2}.</translation>
    </message>
    <message>
        <source>{0}: done.</source>
        <translation>{0}: erledigt.</translation>
    </message>
    <message>
        <source>Without network now: {0}.</source>
        <translation>Jetzt ohne Netz: {0}.</translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s) not started.</source>
        <translation>
            <numerusform>%n Qube nicht begonnen.</numerusform>
            <numerusform>%n Qubes nicht begonnen.</numerusform>
        </translation>
    </message>
    <message>
        <source>Start first, they are halted</source>
        <translation>Starten zuerst, sie sind aus</translation>
    </message>
    <message>
        <source>Give {0} a manager</source>
        <translation>{0} einen Verwalter geben</translation>
    </message>
    <message numerus="yes">
        <source>Give %n qube(s) a manager</source>
        <translation>
            <numerusform>%n Qube einen Verwalter geben</numerusform>
            <numerusform>%n Qubes einen Verwalter geben</numerusform>
        </translation>
    </message>
    <message>
        <source>qubes</source>
        <translation>Qubes</translation>
    </message>
    <message>
        <source>Make {0} the manager of {1}</source>
        <translation>{0} zum Verwalter von {1} machen</translation>
    </message>
    <message>
        <source>All of it is done, or nothing.</source>
        <translation>Alles davon geschieht, oder nichts.</translation>
    </message>
    <message>
        <source>get a tag</source>
        <translation>bekommen ein Tag</translation>
    </message>
    <message>
        <source>files of the policy change</source>
        <translation>Dateien der Richtlinie ändern sich</translation>
    </message>
    <message>
        <source>Lines of the policy</source>
        <translation>Zeilen der Richtlinie</translation>
    </message>
    <message>
        <source>Get a tag</source>
        <translation>Bekommen ein Tag</translation>
    </message>
    <message>
        <source>needed; {0} are free</source>
        <translation>nötig; {0} sind frei</translation>
    </message>
</context>
<context>
    <name>PlanCard</name>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Jetzt</translation>
    </message>
    <message>
        <source>Then</source>
        <translation>Danach</translation>
    </message>
    <message>
        <source>Stays behind {0}.</source>
        <translation>Bleibt hinter {0}.</translation>
    </message>
    <message numerus="yes">
        <source>%n running qube(s) behind it lose network.</source>
        <translation>
            <numerusform>%n laufender Qube dahinter verliert das Netz.</numerusform>
            <numerusform>%n laufende Qubes dahinter verlieren das Netz.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s)</source>
        <translation>
            <numerusform>%n Qube</numerusform>
            <numerusform>%n Qubes</numerusform>
        </translation>
    </message>
    <message>
        <source>no network</source>
        <translation>kein Netz</translation>
    </message>
</context>
<context>
    <name>PlanDialog</name>
    <message numerus="yes">
        <source>%n call(s)</source>
        <translation>
            <numerusform>Ein Aufruf</numerusform>
            <numerusform>%n Aufrufe</numerusform>
        </translation>
    </message>
    <message>
        <source>What happens to each qube</source>
        <translation>Was aus jedem Qube wird</translation>
    </message>
    <message>
        <source>Continue with the others</source>
        <translation>Mit den anderen weitermachen</translation>
    </message>
    <message>
        <source>Stop there</source>
        <translation>Dort aufhören</translation>
    </message>
    <message>
        <source>&amp;If a step is refused:</source>
        <translation>&amp;Wird ein Schritt abgelehnt:</translation>
    </message>
    <message>
        <source>What will be sent</source>
        <translation>Was gesendet wird</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message numerus="yes">
        <source>Can be undone for %n s</source>
        <translation>
            <numerusform>Eine Sekunde lang rückgängig zu machen</numerusform>
            <numerusform>%n s lang rückgängig zu machen</numerusform>
        </translation>
    </message>
    <message>
        <source>Can be cancelled; qubes that are already starting continue to start.</source>
        <translation>Lässt sich abbrechen; Qubes, die gerade starten, laufen weiter.</translation>
    </message>
    <message>
        <source>Cannot be undone. Start brings the qubes back.</source>
        <translation>Nicht rückgängig zu machen. Starten bringt die Qubes zurück.</translation>
    </message>
    <message>
        <source>Cannot be undone.</source>
        <translation>Nicht rückgängig zu machen.</translation>
    </message>
    <message>
        <source>Type {0} to remove the qube:</source>
        <translation>Geben Sie {0} ein, um den Qube zu entfernen:</translation>
    </message>
    <message>
        <source>Type {0} to remove the qubes:</source>
        <translation>Geben Sie {0} ein, um die Qubes zu entfernen:</translation>
    </message>
    <message>
        <source>There is no connection.</source>
        <translation>Es besteht keine Verbindung.</translation>
    </message>
    <message>
        <source>Nothing would change.</source>
        <translation>Nichts würde sich ändern.</translation>
    </message>
    <message>
        <source>What would change</source>
        <translation>Was sich ändern würde</translation>
    </message>
    <message>
        <source>Computing what would change…</source>
        <translation>Es wird berechnet, was sich ändern würde …</translation>
    </message>
</context>
<context>
    <name>PlanTable</name>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Jetzt</translation>
    </message>
    <message>
        <source>Then</source>
        <translation>Dann</translation>
    </message>
    <message>
        <source>Needs (MiB)</source>
        <translation>Braucht (MiB)</translation>
    </message>
    <message>
        <source>What it means</source>
        <translation>Was es bedeutet</translation>
    </message>
    <message>
        <source>Left out.</source>
        <translation>Ausgelassen.</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>Removed</source>
        <translation>Entfernt</translation>
    </message>
    <message>
        <source>New</source>
        <translation>Neu</translation>
    </message>
    <message>
        <source>default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>default ({0})</source>
        <translation>Standard ({0})</translation>
    </message>
</context>
<context>
    <name>Policy</name>
    <message>
        <source>Line</source>
        <translation>Zeile</translation>
    </message>
    <message>
        <source>Call</source>
        <translation>Aufruf</translation>
    </message>
    <message>
        <source>Argument</source>
        <translation>Argument</translation>
    </message>
    <message>
        <source>From</source>
        <translation>Von</translation>
    </message>
    <message>
        <source>To</source>
        <translation>An</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>Antwort</translation>
    </message>
    <message>
        <source>Options</source>
        <translation>Optionen</translation>
    </message>
    <message>
        <source>decides</source>
        <translation>entscheidet</translation>
    </message>
    <message>
        <source>matches, but comes later</source>
        <translation>passt, kommt aber später</translation>
    </message>
    <message>
        <source>Rule for this call</source>
        <translation>Regel für diesen Aufruf</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Warum</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Jetzt</translation>
    </message>
    <message>
        <source>Then</source>
        <translation>Danach</translation>
    </message>
    <message numerus="yes">
        <source>{0} and %n more</source>
        <translation>
            <numerusform>{0} und %n weiterer</numerusform>
            <numerusform>{0} und %n weitere</numerusform>
        </translation>
    </message>
    <message>
        <source>disposables by tag</source>
        <translation>Wegwerf-Qubes nach Tag</translation>
    </message>
    <message>
        <source>tag</source>
        <translation>Tag</translation>
    </message>
    <message>
        <source>class</source>
        <translation>Klasse</translation>
    </message>
    <message>
        <source>is gone</source>
        <translation>gibt es nicht mehr</translation>
    </message>
    <message>
        <source>new disposable</source>
        <translation>neuer Wegwerf-Qube</translation>
    </message>
    <message>
        <source>anything</source>
        <translation>alles</translation>
    </message>
    <message>
        <source>any qube</source>
        <translation>jeder Qube</translation>
    </message>
    <message>
        <source>no qube named</source>
        <translation>kein Qube genannt</translation>
    </message>
    <message>
        <source>Allow</source>
        <translation>Erlauben</translation>
    </message>
    <message>
        <source>Ask</source>
        <translation>Fragen</translation>
    </message>
    <message>
        <source>Deny</source>
        <translation>Ablehnen</translation>
    </message>
    <message>
        <source>any call</source>
        <translation>jeder Aufruf</translation>
    </message>
    <message>
        <source>any</source>
        <translation>jedes</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>any other call</source>
        <translation>jeder andere Aufruf</translation>
    </message>
    <message>
        <source>goes to {0}</source>
        <translation>geht an {0}</translation>
    </message>
    <message>
        <source>offers {0}</source>
        <translation>bietet {0} an</translation>
    </message>
    <message>
        <source>as {0}</source>
        <translation>als {0}</translation>
    </message>
    <message>
        <source>notifies the user</source>
        <translation>mit Mitteilung</translation>
    </message>
    <message>
        <source>silent</source>
        <translation>ohne Mitteilung</translation>
    </message>
    <message>
        <source>starts the target</source>
        <translation>startet das Ziel</translation>
    </message>
    <message>
        <source>only if it runs</source>
        <translation>nur wenn es läuft</translation>
    </message>
    <message>
        <source>line {0}</source>
        <translation>Zeile {0}</translation>
    </message>
    <message>
        <source>no qube matches</source>
        <translation>kein Qube passt</translation>
    </message>
    <message>
        <source>hidden by earlier lines</source>
        <translation>von früheren Zeilen verdeckt</translation>
    </message>
    <message>
        <source>hidden by {0}</source>
        <translation>verdeckt von {0}</translation>
    </message>
    <message>
        <source>There is no qube {0}.</source>
        <translation>Es gibt keinen Qube {0}.</translation>
    </message>
    <message>
        <source>{0} is not a template for disposables.</source>
        <translation>{0} ist keine Wegwerf-Vorlage.</translation>
    </message>
    <message>
        <source>No qube has the tag {0}.</source>
        <translation>Kein Qube hat das Tag {0}.</translation>
    </message>
    <message>
        <source>No qube has the class {0}.</source>
        <translation>Kein Qube hat die Klasse {0}.</translation>
    </message>
    <message>
        <source>{0} → {1}: {2}</source>
        <translation>{0} → {1}: {2}</translation>
    </message>
    <message>
        <source>other call: {0}</source>
        <translation>anderer Aufruf: {0}</translation>
    </message>
    <message>
        <source>other argument: {0}, not {1}</source>
        <translation>anderes Argument: {0}, nicht {1}</translation>
    </message>
    <message>
        <source>other source: {0}, not {1}</source>
        <translation>andere Quelle: {0}, nicht {1}</translation>
    </message>
    <message>
        <source>other target: {0}, not {1}</source>
        <translation>anderes Ziel: {0}, nicht {1}</translation>
    </message>
    <message>
        <source>The policy cannot be read, so every call is denied. {0}</source>
        <translation>Die Richtlinie lässt sich nicht lesen, daher wird jeder Aufruf abgelehnt. {0}</translation>
    </message>
    <message>
        <source>The call goes to {0}.</source>
        <translation>Der Aufruf geht an {0}.</translation>
    </message>
    <message>
        <source>The user is asked; {0} is offered.</source>
        <translation>Der Benutzer wird gefragt; {0} wird angeboten.</translation>
    </message>
    <message numerus="yes">
        <source>The user is asked, with %n choice(s).</source>
        <translation>
            <numerusform>Der Benutzer wird gefragt, mit %n Wahl.</numerusform>
            <numerusform>Der Benutzer wird gefragt, mit %n Möglichkeiten.</numerusform>
        </translation>
    </message>
    <message>
        <source>It runs as {0}.</source>
        <translation>Er läuft als {0}.</translation>
    </message>
    <message>
        <source>The target must run already.</source>
        <translation>Das Ziel muss schon laufen.</translation>
    </message>
    <message>
        <source>{0} may call {1} on {2} without being asked.</source>
        <translation>{0} darf {1} ohne Rückfrage bei {2} aufrufen.</translation>
    </message>
</context>
<context>
    <name>PolicyQuestionDialog</name>
    <message>
        <source>Allow a call?</source>
        <translation>Einen Aufruf erlauben?</translation>
    </message>
    <message>
        <source>{0} asks to make a call.</source>
        <translation>{0} bittet um einen Aufruf.</translation>
    </message>
    <message>
        <source>Source:</source>
        <translation>Quelle:</translation>
    </message>
    <message>
        <source>Call:</source>
        <translation>Aufruf:</translation>
    </message>
    <message>
        <source>Target:</source>
        <translation>Ziel:</translation>
    </message>
    <message>
        <source>Where the call goes</source>
        <translation>Wohin der Aufruf geht</translation>
    </message>
    <message>
        <source>Goes to:</source>
        <translation>Geht an:</translation>
    </message>
    <message>
        <source>&amp;Allow once</source>
        <translation>Einmal &amp;erlauben</translation>
    </message>
    <message>
        <source>&amp;Deny</source>
        <translation>&amp;Ablehnen</translation>
    </message>
    <message>
        <source>The answer is not remembered. The line of the policy that asks is {0}.</source>
        <translation>Die Antwort wird nicht behalten. Es fragt diese Zeile der Richtlinie: {0}.</translation>
    </message>
    <message numerus="yes">
        <source>Denied in %n second(s) without an answer.</source>
        <translation>
            <numerusform>Ohne Antwort in %n Sekunde abgelehnt.</numerusform>
            <numerusform>Ohne Antwort in %n Sekunden abgelehnt.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>PolicyQuestions</name>
    <message>
        <source>Follow the questions of the policy</source>
        <translation>Den Fragen der Richtlinie folgen</translation>
    </message>
    <message>
        <source>Answer a question of the policy</source>
        <translation>Eine Frage der Richtlinie beantworten</translation>
    </message>
</context>
<context>
    <name>PolicyWatch</name>
    <message>
        <source>Load the policy</source>
        <translation>Nach der Richtlinie fragen</translation>
    </message>
    <message>
        <source>Check the policy</source>
        <translation>Die Richtlinie prüfen</translation>
    </message>
</context>
<context>
    <name>PolicyWindow</name>
    <message>
        <source>Re&amp;fresh</source>
        <translation>&amp;Neu lesen</translation>
    </message>
    <message>
        <source>&amp;New file…</source>
        <translation>Neue &amp;Datei …</translation>
    </message>
    <message>
        <source>&amp;Import…</source>
        <translation>&amp;Importieren …</translation>
    </message>
    <message>
        <source>Remove the &amp;file</source>
        <translation>Die Datei en&amp;tfernen</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>&amp;Speichern</translation>
    </message>
    <message>
        <source>&amp;Discard the changes</source>
        <translation>Die Änderungen &amp;verwerfen</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>S&amp;chließen</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>&amp;New rule</source>
        <translation>&amp;Neue Regel</translation>
    </message>
    <message>
        <source>&amp;Duplicate</source>
        <translation>&amp;Verdoppeln</translation>
    </message>
    <message>
        <source>&amp;Remove</source>
        <translation>&amp;Entfernen</translation>
    </message>
    <message>
        <source>Move &amp;up</source>
        <translation>Nach &amp;oben</translation>
    </message>
    <message>
        <source>Move d&amp;own</source>
        <translation>Nach &amp;unten</translation>
    </message>
    <message>
        <source>&amp;Test this rule</source>
        <translation>Diese Regel &amp;prüfen</translation>
    </message>
    <message>
        <source>&amp;Find in all files</source>
        <translation>In allen Dateien &amp;suchen</translation>
    </message>
    <message>
        <source>&amp;Table</source>
        <translation>&amp;Tabelle</translation>
    </message>
    <message>
        <source>Te&amp;xt</source>
        <translation>Te&amp;xt</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;Rule</source>
        <translation>&amp;Regel</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>Policy</source>
        <translation>Richtlinie</translation>
    </message>
    <message>
        <source>Find in all files ({0})</source>
        <translation>In allen Dateien suchen ({0})</translation>
    </message>
    <message>
        <source>Find in all files</source>
        <translation>In allen Dateien suchen</translation>
    </message>
    <message>
        <source>File…</source>
        <translation>Datei …</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>Importieren …</translation>
    </message>
    <message>
        <source>The policy cannot be read</source>
        <translation>Die Richtlinie lässt sich nicht lesen</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>Reading the policy…</source>
        <translation>Die Richtlinie wird gelesen …</translation>
    </message>
    <message>
        <source>no file</source>
        <translation>keine Datei</translation>
    </message>
    <message>
        <source>Without a rule every call between qubes is denied.</source>
        <translation>Ohne Regel wird jeder Aufruf zwischen Qubes abgelehnt.</translation>
    </message>
    <message>
        <source>There is no policy file</source>
        <translation>Es gibt keine Richtliniendatei</translation>
    </message>
    <message>
        <source>{0} has a letter or blank in its name that qrexec does not take, so it denies every call. Rename or remove the file in dom0.</source>
        <translation>{0} hat im Namen einen Buchstaben oder ein Leerzeichen, das qrexec nicht annimmt, daher lehnt es jeden Aufruf ab. Benennen Sie die Datei in dom0 um, oder entfernen Sie sie.</translation>
    </message>
    <message>
        <source>qrexec denies every call: {0}</source>
        <translation>qrexec lehnt jeden Aufruf ab: {0}</translation>
    </message>
    <message>
        <source>Add a rule below the selected line</source>
        <translation>Eine Regel unter der gewählten Zeile hinzufügen</translation>
    </message>
    <message>
        <source>No call can write this file.</source>
        <translation>Kein Aufruf kann diese Datei schreiben.</translation>
    </message>
    <message>
        <source>The changes are being saved…</source>
        <translation>Die Änderungen werden gespeichert …</translation>
    </message>
    <message>
        <source>There is no connection.</source>
        <translation>Es gibt keine Verbindung.</translation>
    </message>
    <message>
        <source>The edits are being checked…</source>
        <translation>Die Änderungen werden geprüft …</translation>
    </message>
    <message>
        <source>First choose which version of {0} to keep.</source>
        <translation>Wählen Sie zuerst, welche Fassung von {0} bleibt.</translation>
    </message>
    <message>
        <source>dom0 would lose its own management calls by {0}.</source>
        <translation>dom0 verlöre seine eigenen Verwaltungsaufrufe durch {0}.</translation>
    </message>
    <message numerus="yes">
        <source>%n line(s); Return goes to the next.</source>
        <translation>
            <numerusform>%n Zeile; Eingabe geht zur nächsten.</numerusform>
            <numerusform>%n Zeilen; Eingabe geht zur nächsten.</numerusform>
        </translation>
    </message>
    <message>
        <source>Make a mana&amp;ger of qubes…</source>
        <translation>Zum Verwa&amp;lter von Qubes machen …</translation>
    </message>
</context>
<context>
    <name>PoolOptions</name>
    <message>
        <source>&amp;Folder</source>
        <translation>&amp;Ordner</translation>
    </message>
    <message>
        <source>&amp;Volume group</source>
        <translation>&amp;Volume Group</translation>
    </message>
    <message>
        <source>&amp;Thin pool</source>
        <translation>&amp;Thin Pool</translation>
    </message>
    <message>
        <source>its place in dom0, such as /srv/qubes</source>
        <translation>wo dom0 ihn hat, etwa /srv/qubes</translation>
    </message>
    <message>
        <source>as LVM lists it (vgs)</source>
        <translation>wie LVM sie auflistet (vgs)</translation>
    </message>
    <message>
        <source>the thin pool in the group</source>
        <translation>der Thin Pool in der Gruppe</translation>
    </message>
</context>
<context>
    <name>PoolsPage</name>
    <message>
        <source>Pools</source>
        <translation>Pools</translation>
    </message>
    <message>
        <source>About the pool</source>
        <translation>Über den Pool</translation>
    </message>
    <message>
        <source>&amp;Add…</source>
        <translation>&amp;Hinzufügen …</translation>
    </message>
    <message>
        <source>&amp;Remove…</source>
        <translation>&amp;Entfernen …</translation>
    </message>
    <message>
        <source>There is no pool.</source>
        <translation>Es gibt keinen Pool.</translation>
    </message>
    <message>
        <source>Used by {0}.</source>
        <translation>Benutzt von {0}.</translation>
    </message>
    <message>
        <source>It is used by {0}.</source>
        <translation>Er wird von {0} benutzt.</translation>
    </message>
    <message>
        <source>No qube has a volume in it.</source>
        <translation>Kein Qube hat einen Datenträger darin.</translation>
    </message>
    <message>
        <source>List the pool drivers</source>
        <translation>Nach den Treibern der Pools fragen</translation>
    </message>
    <message>
        <source>Remove a pool</source>
        <translation>Pool entfernen</translation>
    </message>
    <message>
        <source>Forget the pool {0}?</source>
        <translation>Den Pool {0} vergessen?</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Its files stay where they are; qubes can no longer have volumes in it.</source>
        <translation>Was an seinem Ort liegt, bleibt dort; Qubes können keine Datenträger mehr darin haben.</translation>
    </message>
    <message>
        <source>Remove the pool {0}</source>
        <translation>Den Pool {0} entfernen</translation>
    </message>
    <message>
        <source>Loading the pools…</source>
        <translation>Die Pools werden geladen …</translation>
    </message>
    <message numerus="yes">
        <source>Used by {0} and %n more.</source>
        <translation>
            <numerusform>Benutzt von {0} und %n weiterem.</numerusform>
            <numerusform>Benutzt von {0} und %n weiteren.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>PropertiesPage</name>
    <message>
        <source>Properties</source>
        <translation>Eigenschaften</translation>
    </message>
    <message>
        <source>Load the help of a property</source>
        <translation>Nach der Bedeutung einer Eigenschaft fragen</translation>
    </message>
    <message>
        <source>Part of a property&apos;s name or value</source>
        <translation>Teil des Namens oder Werts einer Eigenschaft</translation>
    </message>
    <message>
        <source>Find properties</source>
        <translation>Eigenschaften suchen</translation>
    </message>
    <message>
        <source>The system reports this; it cannot be set.</source>
        <translation>Das sagt das System; es lässt sich nicht setzen.</translation>
    </message>
    <message>
        <source>Load the types of the properties</source>
        <translation>Nach den Arten der Eigenschaften fragen</translation>
    </message>
    <message>
        <source>Load the system-wide settings</source>
        <translation>Nach den systemweiten Einstellungen fragen</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>Without its own value: {0}, from {1}.</source>
        <translation>Ohne eigenen Wert: {0}, von {1}.</translation>
    </message>
</context>
<context>
    <name>PropertyColumnsDialog</name>
    <message>
        <source>Columns of properties</source>
        <translation>Spalten aus Eigenschaften</translation>
    </message>
    <message>
        <source>Each ticked property is a column of the table, under its own name.</source>
        <translation>Jede angekreuzte Eigenschaft ist eine Spalte der Tabelle, unter ihrem eigenen Namen.</translation>
    </message>
    <message>
        <source>Find a property</source>
        <translation>Eigenschaft suchen</translation>
    </message>
    <message>
        <source>Properties</source>
        <translation>Eigenschaften</translation>
    </message>
</context>
<context>
    <name>PropertyHelp</name>
    <message>
        <source>The number of the qube on this machine; addresses are derived from it.</source>
        <translation>Die Nummer des Qubes auf diesem Rechner; von ihr sind Adressen abgeleitet.</translation>
    </message>
    <message>
        <source>The identity of the qube, which stays when it is renamed.</source>
        <translation>Die Kennung des Qubes; sie bleibt, wenn er umbenannt wird.</translation>
    </message>
    <message>
        <source>The label. Its colour frames each window of the qube and says how far the qube is trusted.</source>
        <translation>Das Label. Seine Farbe rahmt jedes Fenster des Qubes und sagt, wie weit ihm zu trauen ist.</translation>
    </message>
    <message>
        <source>The qube whose root volume this one starts from.</source>
        <translation>Der Qube, von dessen Root-Datenträger dieser startet.</translation>
    </message>
    <message>
        <source>Whether other qubes may use this one as their net qube.</source>
        <translation>Ob andere Qubes diesen als Netz-Qube nehmen dürfen.</translation>
    </message>
    <message>
        <source>Memory at the start, in MiB.</source>
        <translation>Speicher beim Start, in MiB.</translation>
    </message>
    <message>
        <source>The most memory that balancing may give the qube, in MiB; ``0`` turns balancing off.</source>
        <translation>Der meiste Speicher, den der Ausgleich dem Qube geben darf, in MiB; ``0`` schaltet den Ausgleich ab.</translation>
    </message>
    <message>
        <source>Virtual processors.</source>
        <translation>Virtuelle Prozessoren.</translation>
    </message>
    <message>
        <source>Options on the kernel&apos;s command line.</source>
        <translation>Optionen auf der Befehlszeile des Kernels.</translation>
    </message>
    <message>
        <source>``pvh``, ``hvm`` (needed for PCI devices and foreign systems) or ``pv``.</source>
        <translation>``pvh``, ``hvm`` (nötig für PCI-Geräte und fremde Systeme) oder ``pv``.</translation>
    </message>
    <message>
        <source>Whether the qube starts with the system.</source>
        <translation>Ob der Qube mit dem System startet.</translation>
    </message>
    <message>
        <source>Show the console and more messages, for finding out why a qube does not start.</source>
        <translation>Konsole und mehr Meldungen zeigen, um herauszufinden, warum ein Qube nicht startet.</translation>
    </message>
    <message>
        <source>The user that commands run as.</source>
        <translation>Der Benutzer, als der Befehle laufen.</translation>
    </message>
    <message>
        <source>Whether a backup includes the qube by default.</source>
        <translation>Ob eine Sicherung den Qube enthält, wenn nichts anderes gesagt wird.</translation>
    </message>
    <message>
        <source>When the qube was last backed up, in Unix seconds; empty for never.</source>
        <translation>Wann der Qube zuletzt gesichert wurde, in Unix-Sekunden; leer für nie.</translation>
    </message>
    <message>
        <source>Whether disposables can be made from this qube.</source>
        <translation>Ob aus diesem Qube Wegwerf-Qubes entstehen können.</translation>
    </message>
    <message>
        <source>The template of disposables that are started from this qube; empty for none.</source>
        <translation>Die Vorlage der Wegwerf-Qubes, die aus diesem Qube gestartet werden; leer für keine.</translation>
    </message>
    <message>
        <source>The template of the disposable that configures this qube; empty for none.</source>
        <translation>Die Vorlage des Wegwerf-Qubes, der diesen Qube einrichtet; leer für keine.</translation>
    </message>
    <message>
        <source>The qube that shows this one&apos;s windows; empty for none.</source>
        <translation>Der Qube, der die Fenster dieses Qubes zeigt; leer für keinen.</translation>
    </message>
    <message>
        <source>The qube that plays this one&apos;s sound; empty for none.</source>
        <translation>Der Qube, der den Ton dieses Qubes abspielt; leer für keinen.</translation>
    </message>
    <message>
        <source>Seconds that a starting qube may take until its agent answers.</source>
        <translation>Sekunden, die ein startender Qube brauchen darf, bis sein Agent antwortet.</translation>
    </message>
    <message>
        <source>Seconds that a clean shutdown may take.</source>
        <translation>Sekunden, die ein ordentliches Herunterfahren dauern darf.</translation>
    </message>
    <message>
        <source>The IPv4 address inside the virtual network.</source>
        <translation>Die IPv4-Adresse im virtuellen Netz.</translation>
    </message>
    <message>
        <source>The MAC address of the first network interface.</source>
        <translation>Die MAC-Adresse der ersten Netzwerkkarte.</translation>
    </message>
    <message>
        <source>The IPv4 address of the net qube.</source>
        <translation>Die IPv4-Adresse des Netz-Qubes.</translation>
    </message>
    <message>
        <source>The IPv6 address of the net qube.</source>
        <translation>Die IPv6-Adresse des Netz-Qubes.</translation>
    </message>
    <message>
        <source>The netmask: a qube sees its net qube only.</source>
        <translation>Die Netzmaske: ein Qube sieht nur seinen Netz-Qube.</translation>
    </message>
    <message>
        <source>The addresses of the DNS servers, separated by blanks.</source>
        <translation>Die Adressen der DNS-Server, durch Leerzeichen getrennt.</translation>
    </message>
    <message>
        <source>Whether software is updated in this qube itself: its root volume is its own.</source>
        <translation>Ob Programme in diesem Qube selbst aktualisiert werden: sein Root-Datenträger gehört ihm.</translation>
    </message>
    <message>
        <source>Whether the template came from a package; the package manager removes it then.</source>
        <translation>Ob die Vorlage aus einem Paket kam; eine solche entfernt die Paketverwaltung.</translation>
    </message>
    <message>
        <source>When the qube was started, in Unix seconds; empty while it is halted.</source>
        <translation>Wann der Qube gestartet wurde, in Unix-Sekunden; leer, solange er ausgeschaltet ist.</translation>
    </message>
    <message>
        <source>The keyboard as ``layout+variant+options``.</source>
        <translation>Die Tastatur als ``layout+variant+options``.</translation>
    </message>
    <message>
        <source>Memory of the device model&apos;s own domain on Xen, in MiB; empty for Xen&apos;s default.</source>
        <translation>Speicher der eigenen Domäne des Gerätemodells unter Xen, in MiB; leer für die Vorgabe von Xen.</translation>
    </message>
    <message>
        <source>The net qube of each qube without its own setting.</source>
        <translation>Der Netz-Qube jedes Qubes, der keinen eigenen nennt.</translation>
    </message>
    <message>
        <source>The template of a new app qube that does not name one.</source>
        <translation>Die Vorlage eines neuen App-Qubes, der keine nennt.</translation>
    </message>
    <message>
        <source>The template of disposables, for qubes without their own setting.</source>
        <translation>Die Vorlage von Wegwerf-Qubes, wo ein Qube keine eigene nennt.</translation>
    </message>
    <message>
        <source>The template of the disposables that configure qubes.</source>
        <translation>Die Vorlage der Wegwerf-Qubes, die Qubes einrichten.</translation>
    </message>
    <message>
        <source>The pool of new volumes.</source>
        <translation>Der Pool neuer Datenträger.</translation>
    </message>
    <message>
        <source>The kernel of each qube without its own setting; empty boots the root volume.</source>
        <translation>Der Kernel jedes Qubes ohne eigenen; leer: der des Root-Datenträgers.</translation>
    </message>
    <message>
        <source>The qube that shows windows.</source>
        <translation>Der Qube, der Fenster zeigt.</translation>
    </message>
    <message>
        <source>The qube that plays sound.</source>
        <translation>Der Qube, der Ton abspielt.</translation>
    </message>
    <message>
        <source>The qube from which the others get the time.</source>
        <translation>Der Qube, von dem die anderen die Uhrzeit nehmen.</translation>
    </message>
    <message>
        <source>The qube that fetches dom0&apos;s updates.</source>
        <translation>Der Qube, der die Aktualisierungen von dom0 holt.</translation>
    </message>
    <message>
        <source>Seconds between two statistics of the running qubes.</source>
        <translation>Sekunden zwischen zwei Statistiken der laufenden Qubes.</translation>
    </message>
    <message>
        <source>It can be set at any time.</source>
        <translation>Lässt sich jederzeit setzen.</translation>
    </message>
    <message>
        <source>It can be set while the qube is halted.</source>
        <translation>Lässt sich setzen, solange der Qube ausgeschaltet ist.</translation>
    </message>
    <message>
        <source>It can be read, and never set.</source>
        <translation>Lässt sich nicht setzen, nur lesen.</translation>
    </message>
    <message>
        <source>The name of the qube. Setting it renames a halted qube together with everything that refers to it.</source>
        <translation>Der Name des Qubes. Wird er gesetzt, benennt das einen ausgeschalteten Qube um, mit allem, was auf ihn verweist.</translation>
    </message>
    <message>
        <source>The qube that gives this one network; empty for none. The default is the system&apos;s ``default_netvm``, for a disposable its template&apos;s net qube, for a template none.</source>
        <translation>Der Qube, der diesem das Netz gibt; leer für keinen. Die Vorgabe ist ``default_netvm`` des Systems, für einen Wegwerf-Qube der Netz-Qube seiner Vorlage, für eine Vorlage keiner.</translation>
    </message>
    <message>
        <source>The kernel that the qube boots with, by its name in dom0; empty to boot what its root volume holds.</source>
        <translation>Der Kernel, mit dem der Qube startet, mit seinem Namen in dom0; leer startet, was sein Root-Datenträger enthält.</translation>
    </message>
    <message>
        <source>The IPv6 address inside the virtual network; empty unless the feature ``ipv6`` is set here or on the net qube.</source>
        <translation>Die IPv6-Adresse im virtuellen Netz; leer, wenn das Feature ``ipv6`` weder hier noch am Netz-Qube gesetzt ist.</translation>
    </message>
    <message>
        <source>Whether the firewall rules are enforced: ``enforced``, or a sentence that explains why not; empty without a net qube.</source>
        <translation>Ob die Firewall-Regeln gelten: ``enforced`` oder ein Satz, warum nicht; leer ohne Netz-Qube.</translation>
    </message>
    <message>
        <source>Why the qube cannot be used, such as a missing pool or a damaged volume; empty if it can. For dom0: the fault of the store that the daemon detected at its start.</source>
        <translation>Warum der Qube nicht benutzt werden kann, etwa wegen eines fehlenden Pools oder eines beschädigten Datenträgers; leer, wenn er es kann. Bei dom0: welchen Schaden der Dienst beim Start an seiner Datenbank fand.</translation>
    </message>
    <message>
        <source>Whether the qube is removed when it halts. No keeps a disposable that has a task, such as ``sys-usb``: its volumes are still fresh at each start.</source>
        <translation>Ob der Qube entfernt wird, sobald er ausgeht. Bei Nein bleibt ein Wegwerf-Qube mit einer Aufgabe, etwa ``sys-usb``: Seine Datenträger sind trotzdem bei jedem Start frisch.</translation>
    </message>
    <message>
        <source>The name of the icon of the qube.</source>
        <translation>Der Name des Symbols, das für den Qube steht.</translation>
    </message>
    <message>
        <source>The boot mode of the qubes that are based on this template, unless they have their own.</source>
        <translation>Der Startmodus der Qubes, die auf dieser Vorlage beruhen, wenn sie keinen eigenen haben.</translation>
    </message>
    <message>
        <source>The boot mode. The feature ``boot-mode.kernelopts.MODE`` of the qube or of its template adds options to the kernel&apos;s command line; ``default`` adds none.</source>
        <translation>Der Startmodus. Das Feature ``boot-mode.kernelopts.MODE`` des Qubes oder seiner Vorlage ergänzt die Befehlszeile des Kernels; ``default`` ergänzt nichts.</translation>
    </message>
    <message>
        <source>Interfaces of devices that the qube is never given, one after the other: a letter (``b``, ``u``, ``p``, ``m``) and six hex digits or ``*``, such as ``u03****`` for each keyboard and mouse; empty for none.</source>
        <translation>Schnittstellen von Geräten, die der Qube nie bekommt, hintereinander: ein Buchstabe (``b``, ``u``, ``p``, ``m``) und sechs Hexadezimalziffern oder ``*``, etwa ``u03****`` für jede Tastatur und Maus; leer für keine.</translation>
    </message>
    <message>
        <source>The IPv4 address as the qube itself sees it: its ``ip``.</source>
        <translation>Die IPv4-Adresse, wie der Qube selbst sie sieht: sein ``ip``.</translation>
    </message>
    <message>
        <source>The IPv6 address as the qube itself sees it: its ``ip6``.</source>
        <translation>Die IPv6-Adresse, wie der Qube selbst sie sieht: sein ``ip6``.</translation>
    </message>
    <message>
        <source>The IPv4 gateway as the qube itself sees it: its ``gateway``.</source>
        <translation>Das IPv4-Gateway, wie der Qube selbst es sieht: sein ``gateway``.</translation>
    </message>
    <message>
        <source>The IPv6 gateway as the qube itself sees it: its ``gateway6``.</source>
        <translation>Das IPv6-Gateway, wie der Qube selbst es sieht: sein ``gateway6``.</translation>
    </message>
    <message>
        <source>The netmask as the qube itself sees it: its ``netmask``.</source>
        <translation>Die Netzmaske, wie der Qube selbst sie sieht: sein ``netmask``.</translation>
    </message>
    <message>
        <source>The pool of the root volume of a new qube.</source>
        <translation>Der Pool des Datenträgers root eines neuen Qubes.</translation>
    </message>
    <message>
        <source>The pool of the private volume of a new qube.</source>
        <translation>Der Pool des Datenträgers private eines neuen Qubes.</translation>
    </message>
    <message>
        <source>The pool of the volatile volume of a new qube.</source>
        <translation>Der Pool des Datenträgers volatile eines neuen Qubes.</translation>
    </message>
    <message>
        <source>The pool of the kernels that qubes boot with.</source>
        <translation>Der Pool der Kernel, mit denen Qubes starten.</translation>
    </message>
    <message>
        <source>Whether qubes check for updates of their software by themselves; update tools read it.</source>
        <translation>Ob Qubes von selbst nach Aktualisierungen ihrer Software suchen; Aktualisierungsprogramme lesen es.</translation>
    </message>
    <message>
        <source>The class: ``AdminVM``, ``TemplateVM``, ``AppVM``, ``StandaloneVM``, ``DispVM`` or ``RemoteVM``.</source>
        <translation>Die Klasse: ``AdminVM``, ``TemplateVM``, ``AppVM``, ``StandaloneVM``, ``DispVM`` oder ``RemoteVM``.</translation>
    </message>
    <message>
        <source>Whether the disposable was started in advance and waits to be used; the feature ``preload-dispvm-max`` of its template is how many to keep.</source>
        <translation>Ob der Wegwerf-Qube auf Vorrat angelegt ist und auf seinen Einsatz wartet; das Feature ``preload-dispvm-max`` seiner Vorlage bestimmt, wie viele.</translation>
    </message>
    <message>
        <source>The qube that carries calls to this one, which is on another machine; empty for none.</source>
        <translation>Der Qube, der Aufrufe zu diesem weiterleitet, der auf einem anderen Rechner ist; leer für keinen.</translation>
    </message>
    <message>
        <source>The qrexec service of the relay that carries calls.</source>
        <translation>Der qrexec-Dienst des Vermittlers, der Aufrufe weiterleitet.</translation>
    </message>
    <message>
        <source>The name of the qube on its own machine; empty for the same name.</source>
        <translation>Der Name des Qubes auf seinem eigenen Rechner; leer für denselben Namen.</translation>
    </message>
    <message>
        <source>Whether ``qubes-mgmt1-client`` in the qube answers, so that services can be started in it.</source>
        <translation>Ob ``qubes-mgmt1-client`` im Qube antwortet, sodass Dienste in ihm gestartet werden können.</translation>
    </message>
</context>
<context>
    <name>PropertyMenu</name>
    <message>
        <source>Default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keiner</translation>
    </message>
    <message>
        <source>Select a qube first.</source>
        <translation>Wählen Sie zuerst einen Qube aus.</translation>
    </message>
    <message>
        <source>There is no connection.</source>
        <translation>Es besteht keine Verbindung.</translation>
    </message>
</context>
<context>
    <name>PropertySheet</name>
    <message>
        <source>Property</source>
        <translation>Eigenschaft</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Herkunft</translation>
    </message>
    <message>
        <source>edited here and elsewhere</source>
        <translation>hier und anderswo geändert</translation>
    </message>
    <message>
        <source>edited</source>
        <translation>geändert</translation>
    </message>
    <message>
        <source>default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>own</source>
        <translation>eigen</translation>
    </message>
    <message>
        <source>default, from {0}</source>
        <translation>Standard, von {0}</translation>
    </message>
    <message>
        <source>default, from the system&apos;s {0}</source>
        <translation>Standard, systemweit {0}</translation>
    </message>
    <message>
        <source>computed</source>
        <translation>berechnet</translation>
    </message>
    <message>
        <source>changed elsewhere</source>
        <translation>anderswo geändert</translation>
    </message>
</context>
<context>
    <name>QubeDetails</name>
    <message>
        <source>&amp;Restore this qube</source>
        <translation>Diesen Qube wieder&amp;herstellen</translation>
    </message>
    <message>
        <source>&amp;Template:</source>
        <translation>&amp;Vorlage:</translation>
    </message>
    <message>
        <source>Net &amp;qube:</source>
        <translation>Netz-&amp;Qube:</translation>
    </message>
    <message>
        <source>the default</source>
        <translation>der übliche</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>None: no network</source>
        <translation>Keiner: kein Netz</translation>
    </message>
    <message>
        <source>Na&amp;me here:</source>
        <translation>&amp;Name hier:</translation>
    </message>
    <message>
        <source>In the backup</source>
        <translation>In der Sicherung</translation>
    </message>
    <message>
        <source>Here</source>
        <translation>Hier</translation>
    </message>
    <message>
        <source>All other settings are the same.</source>
        <translation>Alle anderen Einstellungen sind gleich.</translation>
    </message>
    <message>
        <source>&amp;Pool:</source>
        <translation>&amp;Pool:</translation>
    </message>
    <message>
        <source>Select a qube to see its settings in the backup.</source>
        <translation>Wählen Sie einen Qube, um seine Einstellungen in der Sicherung zu sehen.</translation>
    </message>
    <message>
        <source>Backup of</source>
        <translation>Sicherung vom</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>Klasse</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>Label</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>{0} at most</source>
        <translation>höchstens {0}</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>Net qube</source>
        <translation>Netz-Qube</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Tags</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message numerus="yes">
        <source>%n assigned</source>
        <translation>
            <numerusform>%n zugewiesen</numerusform>
            <numerusform>%n zugewiesen</numerusform>
        </translation>
    </message>
    <message>
        <source>Firewall</source>
        <translation>Firewall</translation>
    </message>
    <message>
        <source>known after the restore</source>
        <translation>nach der Wiederherstellung bekannt</translation>
    </message>
    <message numerus="yes">
        <source>%n rule(s)</source>
        <translation>
            <numerusform>%n Regel</numerusform>
            <numerusform>%n Regeln</numerusform>
        </translation>
    </message>
    <message>
        <source>no rules: no connection allowed</source>
        <translation>keine Regeln: Nichts kommt durch</translation>
    </message>
    <message>
        <source>all connections allowed</source>
        <translation>alles kommt durch</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>A backup made by another program or an earlier version does not show this before it is restored.</source>
        <translation>Die Sicherung eines anderen Programms oder einer älteren Version zeigt dies nicht vor der Wiederherstellung.</translation>
    </message>
    <message>
        <source>There is a qube {0} here. What differs:</source>
        <translation>Hier gibt es einen Qube {0}. Unterschiede:</translation>
    </message>
    <message>
        <source>{0} (as in the backup)</source>
        <translation>{0} (wie in der Sicherung)</translation>
    </message>
    <message>
        <source>As for all qubes</source>
        <translation>Wie für alle Qubes</translation>
    </message>
    <message>
        <source>no tags</source>
        <translation>keine Tags</translation>
    </message>
    <message>
        <source>no notes</source>
        <translation>keine Notizen</translation>
    </message>
</context>
<context>
    <name>QubeDevicesMenu</name>
    <message>
        <source>De&amp;vices</source>
        <translation>Ger&amp;äte</translation>
    </message>
    <message>
        <source>It has no devices</source>
        <translation>Er hat keine Geräte</translation>
    </message>
    <message>
        <source>&amp;Another device, or options…</source>
        <translation>&amp;Anderes Gerät oder Optionen …</translation>
    </message>
    <message>
        <source>Only for one qube at a time.</source>
        <translation>Nur für einen Qube auf einmal.</translation>
    </message>
    <message>
        <source>Select a qube first.</source>
        <translation>Wählen Sie zuerst einen Qube aus.</translation>
    </message>
    <message>
        <source>There is no connection.</source>
        <translation>Es besteht keine Verbindung.</translation>
    </message>
    <message>
        <source>Attach {0}</source>
        <translation>{0} verbinden</translation>
    </message>
</context>
<context>
    <name>QubeHead</name>
    <message>
        <source>restart needed</source>
        <translation>Neustart nötig</translation>
    </message>
    <message>
        <source>Restart…</source>
        <translation>Neu starten …</translation>
    </message>
    <message>
        <source>{0} for {1}</source>
        <translation>{0} seit {1}</translation>
    </message>
    <message>
        <source>Takes effect after a restart: {0}.</source>
        <translation>Wirkt nach einem Neustart: {0}.</translation>
    </message>
    <message>
        <source>the changed template</source>
        <translation>die geänderte Vorlage</translation>
    </message>
</context>
<context>
    <name>QubesHeader</name>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>und %n weiterer</numerusform>
            <numerusform>und %n weitere</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>QubesPage</name>
    <message>
        <source>Qubes of the backup</source>
        <translation>Qubes der Sicherung</translation>
    </message>
    <message>
        <source>&amp;All that are not here</source>
        <translation>&amp;Alle, die nicht hier sind</translation>
    </message>
    <message>
        <source>N&amp;one</source>
        <translation>&amp;Keinen</translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s) chosen, {0} at most.</source>
        <translation>
            <numerusform>%n Qube gewählt, höchstens {0}.</numerusform>
            <numerusform>%n Qubes gewählt, höchstens {0}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n problem(s) to look at.</source>
        <translation>
            <numerusform>%n Problem ist zu klären.</numerusform>
            <numerusform>%n Probleme sind zu klären.</numerusform>
        </translation>
    </message>
    <message>
        <source>This backup was made by another program: a missing part of it could go unnoticed.</source>
        <translation>Diese Sicherung kommt von einem anderen Programm: Dass ein Teil von ihr fehlt, könnte unbemerkt bleiben.</translation>
    </message>
    <message>
        <source>Its qubes</source>
        <translation>Ihre Qubes</translation>
    </message>
    <message>
        <source>No qube is chosen.</source>
        <translation>Kein Qube ist ausgewählt.</translation>
    </message>
    <message>
        <source>The settings of these qubes cannot be read, so they cannot be restored: {0}.</source>
        <translation>Die Einstellungen dieser Qubes sind nicht lesbar; sie lassen sich nicht wiederherstellen: {0}.</translation>
    </message>
    <message>
        <source>The space bar ticks the selected qubes.</source>
        <translation>Die Leertaste hakt die ausgewählten Qubes an.</translation>
    </message>
    <message>
        <source>Backups of Qubes OS</source>
        <translation>Sicherungen von Qubes OS</translation>
    </message>
    <message>
        <source>Qubes OS has no call that gives the data of a volume, and none for the profiles of backups. So qubes cannot be chosen, nor profiles made, in this window: use the backup of Qubes Manager, or qvm-backup, in dom0.</source>
        <translation>Qubes OS hat keinen Aufruf, der die Daten eines Volumes liefert, und keinen für Sicherungsprofile. Darum lassen sich in diesem Fenster weder Qubes auswählen noch Profile anlegen: dafür gibt es in dom0 die Sicherung von Qubes Manager oder qvm-backup.</translation>
    </message>
    <message>
        <source>What qubesd can carry out from here is a profile in /etc/qubes/backup of dom0 that has its passphrase. No call lists these: type its name, without .conf. Those of which a run was seen can be chosen.</source>
        <translation>Von hier aus kann qubesd ein Profil in /etc/qubes/backup von dom0 ausführen, in dem auch die Passphrase steht. Kein Aufruf listet diese auf: den Namen eingeben, ohne .conf. Profile, von denen ein Lauf bemerkt wurde, stehen zur Auswahl.</translation>
    </message>
    <message>
        <source>Profile</source>
        <translation>Profil</translation>
    </message>
    <message>
        <source>&amp;Profile:</source>
        <translation>&amp;Profil:</translation>
    </message>
    <message>
        <source>Type the name of a profile of dom0.</source>
        <translation>Den Namen eines Profils von dom0 eingeben.</translation>
    </message>
</context>
<context>
    <name>QubesPanel</name>
    <message>
        <source>Search for a qube to start</source>
        <translation>Irgendeinen Qube suchen, um ihn zu starten</translation>
    </message>
    <message>
        <source>Search for a qube</source>
        <translation>Qube suchen</translation>
    </message>
    <message>
        <source>Select a qube first.</source>
        <translation>Wählen Sie zuerst einen Qube aus.</translation>
    </message>
</context>
<context>
    <name>QueryBox</name>
    <message>
        <source>Filter: name, tag:, netvm:, mem&gt;2G … (Ctrl+F)</source>
        <translation>Filter: Name, tag:, netvm:, mem&gt;2G … (Strg+F)</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>Words are combined. Try state:running tag:work netvm:sys-vpn mem&gt;2G -template:fedora, or any property.</source>
        <translation>Wörter gelten zusammen. Versuchen Sie state:running tag:work netvm:sys-vpn mem&gt;2G -template:fedora oder eine beliebige Eigenschaft.</translation>
    </message>
</context>
<context>
    <name>Reason</name>
    <message>
        <source>dom0 cannot be removed.</source>
        <translation>dom0 kann nicht entfernt werden.</translation>
    </message>
    <message>
        <source>dom0 cannot be cloned.</source>
        <translation>dom0 kann nicht geklont werden.</translation>
    </message>
    <message>
        <source>dom0 has no template.</source>
        <translation>dom0 hat keine Vorlage.</translation>
    </message>
    <message>
        <source>dom0 has no network.</source>
        <translation>dom0 hat kein Netz.</translation>
    </message>
    <message>
        <source>A qube needs a name.</source>
        <translation>Ein Qube braucht einen Namen.</translation>
    </message>
    <message>
        <source>A name starts with a letter (A to Z).</source>
        <translation>Ein Name beginnt mit einem Buchstaben (A bis Z).</translation>
    </message>
    <message>
        <source>A name has at most 31 characters.</source>
        <translation>Ein Name hat höchstens 31 Zeichen.</translation>
    </message>
    <message>
        <source>A name cannot end in -dm.</source>
        <translation>Ein Name kann nicht auf -dm enden.</translation>
    </message>
    <message>
        <source>A volume can only grow.</source>
        <translation>Ein Datenträger kann nur wachsen.</translation>
    </message>
    <message>
        <source>A volume has at most 64 TiB.</source>
        <translation>Ein Datenträger hat höchstens 64 TiB.</translation>
    </message>
    <message>
        <source>It is running: its open connections end.</source>
        <translation>Er läuft: Seine offenen Verbindungen enden.</translation>
    </message>
    <message>
        <source>Not enforced: qubes have the hypervisor&apos;s own network.</source>
        <translation>Nicht durchgesetzt: Qubes haben das eigene Netz des Hypervisors.</translation>
    </message>
    <message>
        <source>Programs run in qubes, not in dom0.</source>
        <translation>Programme laufen in Qubes, nicht in dom0.</translation>
    </message>
    <message>
        <source>dom0 is updated by its own tool.</source>
        <translation>dom0 wird mit einem eigenen Werkzeug aktualisiert.</translation>
    </message>
    <message>
        <source>{text}</source>
        <translation>{text}</translation>
    </message>
    <message>
        <source>{qube}: {reason}</source>
        <translation>{qube}: {reason}</translation>
    </message>
    <message>
        <source>Internal error; see the daemon&apos;s log</source>
        <translation>Interner Fehler; siehe das Protokoll des Dienstes</translation>
    </message>
    <message>
        <source>{first} {second}</source>
        <translation>{first} {second}</translation>
    </message>
    <message>
        <source>dom0 runs as long as the computer does.</source>
        <translation>dom0 läuft, solange der Rechner läuft.</translation>
    </message>
    <message>
        <source>{qube} is paused; unpause it first.</source>
        <translation>{qube} ist angehalten; setzen Sie ihn zuerst fort.</translation>
    </message>
    <message>
        <source>{qube} is paused; unpause it first, or kill it.</source>
        <translation>{qube} ist angehalten; setzen Sie ihn zuerst fort, oder beenden Sie ihn hart.</translation>
    </message>
    <message>
        <source>{qube} is already running.</source>
        <translation>{qube} läuft schon.</translation>
    </message>
    <message>
        <source>{qube} is already shutting down.</source>
        <translation>{qube} fährt schon herunter.</translation>
    </message>
    <message>
        <source>{qube} is not running.</source>
        <translation>{qube} läuft nicht.</translation>
    </message>
    <message>
        <source>{qube} is still starting.</source>
        <translation>{qube} startet noch.</translation>
    </message>
    <message>
        <source>{qube} is already paused.</source>
        <translation>{qube} ist schon angehalten.</translation>
    </message>
    <message>
        <source>{qube} is not paused.</source>
        <translation>{qube} ist nicht angehalten.</translation>
    </message>
    <message>
        <source>{qube} is a disposable; it is removed when it halts.</source>
        <translation>{qube} ist ein Wegwerf-Qube; er wird entfernt, sobald er ausgeht.</translation>
    </message>
    <message>
        <source>{qube} cannot start: its net qubes form a loop, {loop}.</source>
        <translation>{qube} kann nicht starten: Seine Netz-Qubes bilden einen Kreis, {loop}.</translation>
    </message>
    <message>
        <source>The net qube {netvm} is paused; unpause it first.</source>
        <translation>Der Netz-Qube {netvm} ist angehalten; setzen Sie ihn zuerst fort.</translation>
    </message>
    <message>
        <source>{qube} is the net qube of running qubes: {clients}.</source>
        <translation>{qube} ist der Netz-Qube laufender Qubes: {clients}.</translation>
    </message>
    <message>
        <source>Other qubes use devices of {qube}: {users}. Detach them first.</source>
        <translation>Andere Qubes nutzen Geräte von {qube}: {users}. Trennen Sie diese zuerst.</translation>
    </message>
    <message>
        <source>{qube} is running; shut it down first.</source>
        <translation>{qube} läuft; fahren Sie ihn zuerst herunter.</translation>
    </message>
    <message>
        <source>{qube} came from a package; remove it with the package manager.</source>
        <translation>{qube} kam aus einem Paket; entfernen Sie ihn mit der Paketverwaltung.</translation>
    </message>
    <message>
        <source>{qube} is used by {users}.</source>
        <translation>{qube} wird genutzt von {users}.</translation>
    </message>
    <message>
        <source>{qube} is used by a qube that is being created.</source>
        <translation>{qube} wird von einem Qube genutzt, der gerade angelegt wird.</translation>
    </message>
    <message>
        <source>{qube} is running; shut it down before you clone it.</source>
        <translation>{qube} läuft; fahren Sie ihn herunter, bevor Sie ihn klonen.</translation>
    </message>
    <message>
        <source>The name of dom0 cannot be changed.</source>
        <translation>Der Name von dom0 lässt sich nicht ändern.</translation>
    </message>
    <message>
        <source>{qube} is running; shut it down before you rename it.</source>
        <translation>{qube} läuft; fahren Sie ihn herunter, bevor Sie ihn umbenennen.</translation>
    </message>
    <message>
        <source>{qube} is updated with its template.</source>
        <translation>{qube} wird mit seiner Vorlage aktualisiert.</translation>
    </message>
    <message>
        <source>A template gets no devices; attach them to the qubes that are based on it.</source>
        <translation>Eine Vorlage bekommt keine Geräte; verbinden Sie sie mit den Qubes, die auf ihr beruhen.</translation>
    </message>
    <message>
        <source>{qube} is not based on a template.</source>
        <translation>{qube} beruht auf keiner Vorlage.</translation>
    </message>
    <message>
        <source>The label of dom0 cannot be changed.</source>
        <translation>Das Label von dom0 lässt sich nicht ändern.</translation>
    </message>
    <message>
        <source>A name contains only letters, digits and . _ -</source>
        <translation>Ein Name enthält nur Buchstaben, Ziffern und . _ -</translation>
    </message>
    <message>
        <source>The name {name} is reserved.</source>
        <translation>Der Name {name} ist reserviert.</translation>
    </message>
    <message>
        <source>There is already a qube {name}.</source>
        <translation>Es gibt schon einen Qube {name}.</translation>
    </message>
    <message>
        <source>There is no qube {name}.</source>
        <translation>Es gibt keinen Qube {name}.</translation>
    </message>
    <message>
        <source>{property} of {qube} can be changed only while the qube is halted.</source>
        <translation>{property} von {qube} lässt sich nur ändern, solange der Qube ausgeschaltet ist.</translation>
    </message>
    <message>
        <source>{netvm} does not provide network.</source>
        <translation>{netvm} stellt kein Netz bereit.</translation>
    </message>
    <message>
        <source>That would be a loop of net qubes: {loop}.</source>
        <translation>Das ergäbe einen Kreis von Netz-Qubes: {loop}.</translation>
    </message>
    <message>
        <source>{netvm} is not running, so these running qubes would lose the network: {qubes}.</source>
        <translation>{netvm} läuft nicht; diese laufenden Qubes verlören das Netz: {qubes}.</translation>
    </message>
    <message>
        <source>{qube} is the net qube of {clients}.</source>
        <translation>{qube} ist der Netz-Qube von {clients}.</translation>
    </message>
    <message>
        <source>{qube} is the disposable template of {users}.</source>
        <translation>{qube} ist die Wegwerf-Vorlage von {users}.</translation>
    </message>
    <message>
        <source>{template} is not a template for disposables (template_for_dispvms).</source>
        <translation>{template} ist keine Vorlage für Wegwerf-Qubes (template_for_dispvms).</translation>
    </message>
    <message>
        <source>{template} is not a template.</source>
        <translation>{template} ist keine Vorlage.</translation>
    </message>
    <message>
        <source>The memory is between {least:MiB} and {most:MiB}.</source>
        <translation>Der Speicher liegt zwischen {least:MiB} und {most:MiB}.</translation>
    </message>
    <message>
        <source>The initial memory ({memory:MiB}) is above the maximum ({maxmem:MiB}).</source>
        <translation>Der anfängliche Speicher ({memory:MiB}) liegt über dem Höchstwert ({maxmem:MiB}).</translation>
    </message>
    <message>
        <source>The maximum memory is at most {most:MiB}.</source>
        <translation>Der Höchstwert des Speichers ist höchstens {most:MiB}.</translation>
    </message>
    <message>
        <source>The maximum ({maxmem:MiB}) is below the initial memory ({memory:MiB}).</source>
        <translation>Der Höchstwert ({maxmem:MiB}) liegt unter dem anfänglichen Speicher ({memory:MiB}).</translation>
    </message>
    <message>
        <source>The memory of a qube with PCI devices cannot be balanced: set maxmem to 0 first.</source>
        <translation>Der Speicher eines Qubes mit PCI-Geräten lässt sich nicht ausgleichen: Setzen Sie zuerst maxmem auf 0.</translation>
    </message>
    <message>
        <source>References to it are changed too: {references}.</source>
        <translation>Auch was darauf verweist, wird geändert: {references}.</translation>
    </message>
    <message>
        <source>Its network would go around {qubes}.</source>
        <translation>Sein Netz ginge an {qubes} vorbei.</translation>
    </message>
    <message>
        <source>The maximum is more than {times} times the initial memory: the qube may start slowly or not at all.</source>
        <translation>Der Höchstwert ist mehr als das {times}-fache des anfänglichen Speichers: Der Qube startet vielleicht langsam oder nicht.</translation>
    </message>
    <message>
        <source>The qube has no net qube, so its firewall rules have no effect.</source>
        <translation>Der Qube hat keinen Netz-Qube; seine Firewall-Regeln haben keine Wirkung.</translation>
    </message>
    <message>
        <source>{netvm} enforces no firewall, so these rules have no effect.</source>
        <translation>{netvm} setzt keine Firewall durch; diese Regeln haben keine Wirkung.</translation>
    </message>
    <message>
        <source>The volume is created again at each start of the qube.</source>
        <translation>Der Datenträger wird bei jedem Start des Qubes neu angelegt.</translation>
    </message>
    <message>
        <source>The qube is running; the content of a volume is replaced only while its qube is halted.</source>
        <translation>Der Qube läuft; der Inhalt eines Datenträgers wird nur ersetzt, solange sein Qube ausgeschaltet ist.</translation>
    </message>
    <message>
        <source>The volume is a part of the qube; only extra volumes are detached.</source>
        <translation>Der Datenträger ist ein Teil des Qubes; nur zusätzliche Datenträger werden getrennt.</translation>
    </message>
    <message>
        <source>The value of a feature is one line without control characters; it contains {character}.</source>
        <translation>Der Wert eines Features ist eine Zeile ohne Steuerzeichen; er enthält {character}.</translation>
    </message>
    <message>
        <source>The value of a feature has at most {most} bytes.</source>
        <translation>Der Wert eines Features hat höchstens {most} Bytes.</translation>
    </message>
    <message>
        <source>Notes are text without control characters; they contain {character}.</source>
        <translation>Notizen sind Text ohne Steuerzeichen; sie enthalten {character}.</translation>
    </message>
    <message>
        <source>Notes have at most {most:KiB}.</source>
        <translation>Notizen haben höchstens {most:KiB}.</translation>
    </message>
    <message>
        <source>{disposable} takes the net qube of its template, and that would be a loop of net qubes: {loop}.</source>
        <translation>{disposable} übernimmt den Netz-Qube seiner Vorlage, und das ergäbe einen Kreis von Netz-Qubes: {loop}.</translation>
    </message>
    <message>
        <source>A qube cannot show its own windows or play its own sound.</source>
        <translation>Ein Qube kann nicht seine eigenen Fenster zeigen oder seinen eigenen Ton abspielen.</translation>
    </message>
    <message>
        <source>{property} is between {least} and {most}.</source>
        <translation>{property} liegt zwischen {least} und {most}.</translation>
    </message>
    <message>
        <source>It is one of: {choices}.</source>
        <translation>Möglich ist: {choices}.</translation>
    </message>
    <message>
        <source>There is no kernel {kernel}; there are: {kernels}.</source>
        <translation>Es gibt keinen Kernel {kernel}; es gibt: {kernels}.</translation>
    </message>
    <message>
        <source>{address} is not an IPv4 address.</source>
        <translation>{address} ist keine IPv4-Adresse.</translation>
    </message>
    <message>
        <source>{address} is the address of {qube}.</source>
        <translation>{address} ist die Adresse von {qube}.</translation>
    </message>
    <message>
        <source>A MAC address is six pairs of lower-case hexadecimal digits, and not a multicast address.</source>
        <translation>Eine MAC-Adresse besteht aus sechs Paaren hexadezimaler Ziffern in Kleinschreibung und ist keine Multicast-Adresse.</translation>
    </message>
    <message>
        <source>There is no label {label}.</source>
        <translation>Es gibt kein Label {label}.</translation>
    </message>
    <message>
        <source>The value of {property} is longer than {most} characters.</source>
        <translation>Der Wert von {property} ist länger als {most} Zeichen.</translation>
    </message>
    <message>
        <source>The value of {property} must be one line.</source>
        <translation>Der Wert von {property} muss eine Zeile sein.</translation>
    </message>
    <message>
        <source>{property} cannot be empty.</source>
        <translation>{property} kann nicht leer sein.</translation>
    </message>
    <message>
        <source>{property} is a whole number, not {value}.</source>
        <translation>{property} ist eine ganze Zahl, nicht {value}.</translation>
    </message>
    <message>
        <source>{property} is yes or no, not {value}.</source>
        <translation>{property} ist ja oder nein, nicht {value}.</translation>
    </message>
    <message>
        <source>The pool {pool} contains dom0&apos;s kernels; no volume can be created in it.</source>
        <translation>Der Pool {pool} enthält die Kernel von dom0; in ihm lässt sich kein Datenträger anlegen.</translation>
    </message>
    <message>
        <source>There is no pool {pool}.</source>
        <translation>Es gibt keinen Pool {pool}.</translation>
    </message>
    <message>
        <source>The value is between {least} and {most}.</source>
        <translation>Der Wert liegt zwischen {least} und {most}.</translation>
    </message>
    <message>
        <source>The features, tags and notes of {qube} are too large: {size} bytes, where at most {most:KiB} are possible.</source>
        <translation>Features, Tags und Notizen von {qube} sind zu groß: {size} Bytes; möglich sind höchstens {most:KiB}.</translation>
    </message>
    <message>
        <source>A root volume is a raw disk image; this looks like {format}. {advice}</source>
        <translation>Ein Root-Datenträger ist ein rohes Abbild; dies sieht aus wie {format}. {advice}</translation>
    </message>
    <message>
        <source>{qube} is {state}, not halted.</source>
        <translation>{qube} ist nicht ausgeschaltet ({state}).</translation>
    </message>
    <message>
        <source>The hypervisor is starting or stopping {qube}.</source>
        <translation>Der Hypervisor startet oder beendet {qube} gerade.</translation>
    </message>
    <message>
        <source>{qube} did not shut down within {seconds} seconds; it is still running.</source>
        <translation>{qube} ist nicht innerhalb von {seconds} Sekunden heruntergefahren; er läuft noch.</translation>
    </message>
    <message>
        <source>{qube} is {state} again.</source>
        <translation>{qube} ist wieder in Gang ({state}).</translation>
    </message>
    <message>
        <source>{qube} is {state}, not running.</source>
        <translation>{qube} läuft nicht ({state}).</translation>
    </message>
    <message>
        <source>The net qube {netvm} is not running.</source>
        <translation>Der Netz-Qube {netvm} läuft nicht.</translation>
    </message>
    <message>
        <source>{qube} cannot be used: {why}</source>
        <translation>{qube} ist nicht benutzbar: {why}</translation>
    </message>
    <message>
        <source>There is no class {class}.</source>
        <translation>Es gibt keine Klasse {class}.</translation>
    </message>
    <message>
        <source>The system has no {property}; name a template.</source>
        <translation>Das System hat kein {property}; nennen Sie eine Vorlage.</translation>
    </message>
    <message>
        <source>A TemplateVM is created by mgmt1.vm.CreateTemplate, which takes its root image.</source>
        <translation>Eine TemplateVM wird mit mgmt1.vm.CreateTemplate angelegt, das ihr Root-Abbild annimmt.</translation>
    </message>
    <message>
        <source>There is only one AdminVM, dom0.</source>
        <translation>Es gibt nur eine AdminVM, dom0.</translation>
    </message>
    <message>
        <source>Only dom0 may give a qube the name {name}: it is taken, or something refers to it.</source>
        <translation>Nur dom0 darf einem Qube den Namen {name} geben: Er ist vergeben, oder etwas verweist auf ihn.</translation>
    </message>
    <message>
        <source>The qube {qube} was removed before the call was carried out.</source>
        <translation>Der Qube {qube} wurde entfernt, bevor der Aufruf ausgeführt war.</translation>
    </message>
    <message>
        <source>{qube} ({class}) has no property {property}.</source>
        <translation>{qube} ({class}) hat keine Eigenschaft {property}.</translation>
    </message>
    <message>
        <source>There is no system-wide property {property}.</source>
        <translation>Es gibt keine systemweite Eigenschaft {property}.</translation>
    </message>
    <message>
        <source>{property} is read-only.</source>
        <translation>{property} ist nur lesbar.</translation>
    </message>
    <message>
        <source>{netvm} leads into a loop of net qubes: {loop}.</source>
        <translation>{netvm} führt in einen Kreis von Netz-Qubes: {loop}.</translation>
    </message>
    <message>
        <source>{qube} uses the default net qube; with {netvm} as the default, that would be a loop.</source>
        <translation>{qube} nimmt den üblichen Netz-Qube; wäre das {netvm}, ergäbe sich ein Kreis.</translation>
    </message>
    <message>
        <source>{qube} has no feature {feature}.</source>
        <translation>{qube} hat kein Feature {feature}.</translation>
    </message>
    <message>
        <source>Neither {qube} nor its template has a feature {feature}.</source>
        <translation>Weder {qube} noch seine Vorlage hat ein Feature {feature}.</translation>
    </message>
    <message>
        <source>The tags created-by-* are set when a qube is created and cannot be changed.</source>
        <translation>Die Tags created-by-* werden gesetzt, wenn ein Qube angelegt wird, und lassen sich nicht ändern.</translation>
    </message>
    <message>
        <source>{qube} has no tag {tag}.</source>
        <translation>{qube} hat kein Tag {tag}.</translation>
    </message>
    <message>
        <source>A colour is 0xRRGGBB, not {colour}.</source>
        <translation>Eine Farbe ist 0xRRGGBB, nicht {colour}.</translation>
    </message>
    <message>
        <source>There is already a label {label}.</source>
        <translation>Es gibt schon ein Label {label}.</translation>
    </message>
    <message>
        <source>A system has at most {most} labels.</source>
        <translation>Ein System hat höchstens {most} Labels.</translation>
    </message>
    <message>
        <source>The label {label} is used by {qubes}.</source>
        <translation>Das Label {label} wird genutzt von {qubes}.</translation>
    </message>
    <message>
        <source>The label {label} is dom0&apos;s, or the default of new qubes.</source>
        <translation>Das Label {label} ist das von dom0 oder das übliche für neue Qubes.</translation>
    </message>
    <message>
        <source>The name {name} is in use by another call; try again in a moment.</source>
        <translation>Den Namen {name} benutzt gerade ein anderer Aufruf; versuchen Sie es gleich noch einmal.</translation>
    </message>
    <message>
        <source>A qube is just being created from {qube}.</source>
        <translation>Aus {qube} wird gerade ein Qube angelegt.</translation>
    </message>
    <message>
        <source>Only dom0 may read and change the notes and features of dom0.</source>
        <translation>Nur dom0 darf Notizen und Features von dom0 lesen und ändern.</translation>
    </message>
    <message>
        <source>{qube} has no log {log}.</source>
        <translation>{qube} hat kein Protokoll {log}.</translation>
    </message>
    <message>
        <source>Sound cannot be added to a running qube: assign the microphone with persistent=yes to add it at the next start.</source>
        <translation>Ton lässt sich einem laufenden Qube nicht geben: Weisen Sie ihm das Mikrofon mit persistent=yes zu; er bekommt es beim nächsten Start.</translation>
    </message>
    <message>
        <source>The volume {volume} of {qube} is attached to {holder}.</source>
        <translation>Der Datenträger {volume} von {qube} ist mit {holder} verbunden.</translation>
    </message>
    <message>
        <source>Devices cannot be attached to dom0: it has its own.</source>
        <translation>Mit dom0 lassen sich keine Geräte verbinden: Es hat seine eigenen.</translation>
    </message>
    <message>
        <source>{qube} offers {device} itself.</source>
        <translation>{qube} bietet {device} selbst an.</translation>
    </message>
    <message>
        <source>{backend}+{device} is already attached to {qube}.</source>
        <translation>{backend}+{device} ist schon mit {qube} verbunden.</translation>
    </message>
    <message>
        <source>{qube} is {state}; use persistent=yes to attach the device at its next start.</source>
        <translation>{qube} läuft nicht ({state}); mit persistent=yes wird das Gerät bei seinem nächsten Start verbunden.</translation>
    </message>
    <message>
        <source>{backend}+{device} was removed while it was being attached.</source>
        <translation>{backend}+{device} wurde abgezogen, während es verbunden wurde.</translation>
    </message>
    <message>
        <source>{qube} has no {class} device {device}.</source>
        <translation>{qube} hat kein Gerät {device} der Klasse {class}.</translation>
    </message>
    <message>
        <source>{backend} offers no {class} device {device}.</source>
        <translation>{backend} bietet kein Gerät {device} der Klasse {class} an.</translation>
    </message>
    <message>
        <source>{backend} is {state}; its devices are available only while it runs.</source>
        <translation>{backend} läuft nicht ({state}); seine Geräte sind nur verfügbar, solange er läuft.</translation>
    </message>
    <message>
        <source>{backend}+{device} is attached to {holder}.</source>
        <translation>{backend}+{device} ist mit {holder} verbunden.</translation>
    </message>
    <message>
        <source>{backend} uses {device} as its own disk while it runs.</source>
        <translation>{backend} nutzt {device} als eigenen Datenträger, solange er läuft.</translation>
    </message>
    <message>
        <source>{backend}+{device} is in use. {why}</source>
        <translation>{backend}+{device} ist in Gebrauch. {why}</translation>
    </message>
    <message>
        <source>Sound cannot be removed from a running qube; it is removed when the qube halts.</source>
        <translation>Der Ton lässt sich einem laufenden Qube nicht nehmen; er wird entfernt, sobald der Qube ausgeht.</translation>
    </message>
    <message>
        <source>{qube} has no place for another disk.</source>
        <translation>{qube} hat keinen Platz für einen weiteren Datenträger.</translation>
    </message>
    <message>
        <source>{qube} already has {backend}+{device} as {place}.</source>
        <translation>{qube} hat schon {backend}+{device} als {place}.</translation>
    </message>
    <message>
        <source>The rule has already expired.</source>
        <translation>Die Regel ist schon abgelaufen.</translation>
    </message>
    <message>
        <source>A qube has at most {most} firewall rules.</source>
        <translation>Ein Qube hat höchstens {most} Firewall-Regeln.</translation>
    </message>
    <message>
        <source>{qube} has no firewall rule {rule}.</source>
        <translation>{qube} hat keine Firewall-Regel {rule}.</translation>
    </message>
    <message>
        <source>dom0 has no network and no firewall.</source>
        <translation>dom0 hat kein Netz und keine Firewall.</translation>
    </message>
    <message>
        <source>{place} belongs to the pool {pool}, or contains it or is inside of it; two pools never share a folder or a thin pool.</source>
        <translation>{place} gehört dem Pool {pool}, enthält ihn oder liegt in ihm; zwei Pools teilen sich nie einen Ordner oder einen Thin Pool.</translation>
    </message>
    <message>
        <source>The folder of the pool is empty. Is its disk mounted?</source>
        <translation>Der Ordner des Pools ist leer. Ist sein Laufwerk eingehängt?</translation>
    </message>
    <message>
        <source>The folder of the pool is not the one that was added. Is its disk mounted?</source>
        <translation>Der Ordner des Pools ist nicht der, der hinzugefügt wurde. Ist sein Laufwerk eingehängt?</translation>
    </message>
    <message>
        <source>The store does not know its volume {volume}.</source>
        <translation>Die Datenbank kennt seinen Datenträger {volume} nicht.</translation>
    </message>
    <message>
        <source>Its volume {volume} has no source: {why}</source>
        <translation>Sein Datenträger {volume} hat keine Quelle: {why}</translation>
    </message>
    <message>
        <source>The pool {pool}, which its volume {volume} needs, is not known; add it again.</source>
        <translation>Der Pool {pool}, den sein Datenträger {volume} braucht, ist nicht bekannt; fügen Sie ihn wieder hinzu.</translation>
    </message>
    <message>
        <source>The pool {pool}, which its volume {volume} needs, is missing: {why}</source>
        <translation>Der Pool {pool}, den sein Datenträger {volume} braucht, fehlt: {why}</translation>
    </message>
    <message>
        <source>The volume {volume}, which it needs, cannot be used: {why}</source>
        <translation>Der Datenträger {volume}, den er braucht, ist nicht benutzbar: {why}</translation>
    </message>
    <message>
        <source>The pool {pool} is missing: {why}</source>
        <translation>Der Pool {pool} fehlt: {why}</translation>
    </message>
    <message>
        <source>{qube} has no volume {volume}.</source>
        <translation>{qube} hat keinen Datenträger {volume}.</translation>
    </message>
    <message>
        <source>A {class} has no volume {volume}.</source>
        <translation>Eine {class} hat keinen Datenträger {volume}.</translation>
    </message>
    <message>
        <source>The volume {volume} is a layer on {source} and must be in its pool {pool}.</source>
        <translation>Der Datenträger {volume} ist eine Schicht auf {source} und muss in dessen Pool {pool} sein.</translation>
    </message>
    <message>
        <source>The volume {volume} of an earlier qube {qube} is still in the pool {pool} and cannot be removed now; see the daemon&apos;s log.</source>
        <translation>Der Datenträger {volume} eines früheren Qubes {qube} ist noch im Pool {pool} und lässt sich jetzt nicht entfernen; siehe das Protokoll des Dienstes.</translation>
    </message>
    <message>
        <source>Another call is changing the volumes of {qube}.</source>
        <translation>Ein anderer Aufruf ändert gerade die Datenträger von {qube}.</translation>
    </message>
    <message>
        <source>Another call is changing the volumes of {old} or {new}.</source>
        <translation>Ein anderer Aufruf ändert gerade die Datenträger von {old} oder {new}.</translation>
    </message>
    <message>
        <source>{volume} is {name} of {qube}; detach it there first.</source>
        <translation>{volume} ist {name} von {qube}; trennen Sie ihn zuerst dort.</translation>
    </message>
    <message>
        <source>The pool {pool} already has volumes of {qube}.</source>
        <translation>Der Pool {pool} hat schon Datenträger von {qube}.</translation>
    </message>
    <message>
        <source>The volume {volume} could not be stopped: {why}</source>
        <translation>Der Datenträger {volume} ließ sich nicht anhalten: {why}</translation>
    </message>
    <message>
        <source>There is no volume {volume}.</source>
        <translation>Es gibt keinen Datenträger {volume}.</translation>
    </message>
    <message>
        <source>The only option is read-only=yes.</source>
        <translation>Die einzige Option ist read-only=yes.</translation>
    </message>
    <message>
        <source>Volumes cannot be attached to dom0.</source>
        <translation>Mit dom0 lassen sich keine Datenträger verbinden.</translation>
    </message>
    <message>
        <source>A kernel cannot be attached; set the property kernel of the qube instead.</source>
        <translation>Ein Kernel lässt sich nicht verbinden; setzen Sie stattdessen die Eigenschaft kernel des Qubes.</translation>
    </message>
    <message>
        <source>{volume} is the volume {name} of {qube}.</source>
        <translation>{volume} ist der Datenträger {name} von {qube}.</translation>
    </message>
    <message>
        <source>{qube} already has {count} extra volumes.</source>
        <translation>{qube} hat schon {count} zusätzliche Datenträger.</translation>
    </message>
    <message>
        <source>The payload does not name the driver.</source>
        <translation>Der Inhalt des Aufrufs nennt keinen Treiber.</translation>
    </message>
    <message>
        <source>There is already a pool {pool}.</source>
        <translation>Es gibt schon einen Pool {pool}.</translation>
    </message>
    <message>
        <source>The pool {pool} is missing: no pool was ever opened there.</source>
        <translation>Der Pool {pool} fehlt: Dort wurde nie ein Pool geöffnet.</translation>
    </message>
    <message>
        <source>The pool {pool} is a part of the system.</source>
        <translation>Der Pool {pool} ist ein Teil des Systems.</translation>
    </message>
    <message>
        <source>The pool {pool} is used by {users}.</source>
        <translation>Der Pool {pool} wird genutzt von {users}.</translation>
    </message>
    <message>
        <source>{volume} may be a volume of {qube}. {why}</source>
        <translation>{volume} könnte ein Datenträger von {qube} sein. {why}</translation>
    </message>
    <message>
        <source>{volume} is in use by another call; try again in a moment.</source>
        <translation>{volume} benutzt gerade ein anderer Aufruf; versuchen Sie es gleich noch einmal.</translation>
    </message>
    <message>
        <source>{volume} is no longer attached to {qube}.</source>
        <translation>{volume} ist nicht mehr mit {qube} verbunden.</translation>
    </message>
    <message>
        <source>{volume} of {qube} is attached to {holder}; detach it there first.</source>
        <translation>{volume} von {qube} ist mit {holder} verbunden; trennen Sie ihn zuerst dort.</translation>
    </message>
    <message>
        <source>The profile {profile} runs a command; only a file that belongs to root may do that.</source>
        <translation>Das Profil {profile} führt einen Befehl aus; das darf nur eine Datei, die root gehört.</translation>
    </message>
    <message>
        <source>A profile with destination_command cannot be set by a call; root writes it to {folder}.</source>
        <translation>Ein Profil mit destination_command lässt sich nicht mit einem Aufruf setzen; root schreibt es nach {folder}.</translation>
    </message>
    <message>
        <source>Only dom0 sets a profile with passphrase_file.</source>
        <translation>Nur dom0 setzt ein Profil mit passphrase_file.</translation>
    </message>
    <message>
        <source>The backup profile {profile} was not set by {qube}; only dom0 may change it.</source>
        <translation>Das Sicherungsprofil {profile} wurde nicht von {qube} gesetzt; nur dom0 darf es ändern.</translation>
    </message>
    <message>
        <source>The qube {qube} that set the profile was removed; set it again in dom0.</source>
        <translation>Der Qube {qube}, der das Profil gesetzt hat, wurde entfernt; setzen Sie es in dom0 noch einmal.</translation>
    </message>
    <message>
        <source>The disk for {path} is not connected: nothing is mounted there, or another file system than the backups of the profile {profile} go to.</source>
        <translation>Das Laufwerk für {path} ist nicht angeschlossen: Dort ist nichts eingehängt oder ein anderes Dateisystem als das der Sicherungen des Profils {profile}.</translation>
    </message>
    <message>
        <source>{path} is on the disk of this system, and no backup of the profile {profile} is there: its disk may not be connected. If the backups belong there, confirm it once with qubes-backup --profile {name} --run --new-disk.</source>
        <translation>{path} liegt auf dem Laufwerk dieses Systems, und dort ist keine Sicherung des Profils {profile}: Vielleicht ist sein Laufwerk nicht angeschlossen. Gehören die Sicherungen dorthin, bestätigen Sie es einmal mit qubes-backup --profile {name} --run --new-disk.</translation>
    </message>
    <message>
        <source>A backup of the profile {profile} is already running.</source>
        <translation>Eine Sicherung des Profils {profile} läuft schon.</translation>
    </message>
    <message>
        <source>Only a profile that dom0 has set may include dom0.</source>
        <translation>Nur ein Profil, das dom0 gesetzt hat, darf dom0 aufnehmen.</translation>
    </message>
    <message>
        <source>The profile includes no qube.</source>
        <translation>Das Profil enthält keinen Qube.</translation>
    </message>
    <message>
        <source>The backup was made without a qube that the profile names. {why}</source>
        <translation>Die Sicherung wurde ohne einen Qube gemacht, den das Profil nennt. {why}</translation>
    </message>
    <message>
        <source>The profile {profile} has no passphrase, and none was given.</source>
        <translation>Das Profil {profile} hat keine Passphrase, und es wurde keine angegeben.</translation>
    </message>
    <message>
        <source>No backup of the profile {profile} is running.</source>
        <translation>Es läuft keine Sicherung des Profils {profile}.</translation>
    </message>
    <message>
        <source>{qube} cannot be backed up: {why}</source>
        <translation>{qube} lässt sich nicht sichern: {why}</translation>
    </message>
    <message>
        <source>The payload may have passphrase=&lt;text&gt;, give-up=&lt;qubes&gt; and new-disk=yes.</source>
        <translation>Der Inhalt des Aufrufs darf passphrase=&lt;text&gt;, give-up=&lt;qubes&gt; und new-disk=yes enthalten.</translation>
    </message>
    <message>
        <source>Only dom0 may give up the last backup of a qube or accept another disk.</source>
        <translation>Nur dom0 darf die letzte Sicherung eines Qubes aufgeben oder ein anderes Laufwerk annehmen.</translation>
    </message>
    <message>
        <source>Only dom0 may ask what a profile that is not stored would do.</source>
        <translation>Nur dom0 darf fragen, was ein nicht gespeichertes Profil täte.</translation>
    </message>
    <message>
        <source>A backup profile has at most {most:KiB}.</source>
        <translation>Ein Sicherungsprofil hat höchstens {most:KiB}.</translation>
    </message>
    <message>
        <source>Only dom0 and the qube that set a profile may restore with its passphrase.</source>
        <translation>Nur dom0 und der Qube, der ein Profil gesetzt hat, dürfen mit dessen Passphrase wiederherstellen.</translation>
    </message>
    <message>
        <source>The options before the backup are not UTF-8.</source>
        <translation>Die Optionen vor der Sicherung sind kein UTF-8.</translation>
    </message>
    <message>
        <source>There is no option {option}, or it is given twice.</source>
        <translation>Eine Option {option} gibt es nicht, oder sie ist zweimal angegeben.</translation>
    </message>
    <message>
        <source>passphrase= is missing before the backup.</source>
        <translation>Vor der Sicherung fehlt passphrase=.</translation>
    </message>
    <message>
        <source>{option} is one of {choices}.</source>
        <translation>{option} ist etwas von {choices}.</translation>
    </message>
    <message>
        <source>run is at most 32 letters, digits and dashes.</source>
        <translation>run besteht aus höchstens 32 Buchstaben, Ziffern und Bindestrichen.</translation>
    </message>
    <message>
        <source>dom0-home is {new} or an absolute path, not {path}.</source>
        <translation>dom0-home ist {new} oder ein absoluter Pfad, nicht {path}.</translation>
    </message>
    <message>
        <source>{option} is a list of &lt;qube&gt;:&lt;name&gt;, each qube once.</source>
        <translation>{option} ist eine Liste von &lt;qube&gt;:&lt;name&gt;, jeder Qube einmal.</translation>
    </message>
    <message>
        <source>The options before the backup do not end with an empty line.</source>
        <translation>Die Optionen vor der Sicherung enden nicht mit einer leeren Zeile.</translation>
    </message>
    <message>
        <source>Only dom0 may restore the configuration and the home of dom0.</source>
        <translation>Nur dom0 darf Konfiguration und Home von dom0 wiederherstellen.</translation>
    </message>
    <message>
        <source>The backup does not contain the home of dom0.</source>
        <translation>Die Sicherung enthält das Home von dom0 nicht.</translation>
    </message>
    <message>
        <source>The backup has no qube {qube}.</source>
        <translation>Die Sicherung hat keinen Qube {qube}.</translation>
    </message>
    <message>
        <source>A {class} keeps no volume {volume}.</source>
        <translation>Eine {class} behält keinen Datenträger {volume}.</translation>
    </message>
    <message>
        <source>The qubes may need {needed:MiB}, and the pool {pool} has {free:MiB} left.</source>
        <translation>Die Qubes brauchen vielleicht {needed:MiB}, und im Pool {pool} sind {free:MiB} frei.</translation>
    </message>
    <message>
        <source>{why} {received} of {size} bytes of {volume} had been received.</source>
        <translation>{why} Von {volume} waren {received} von {size} Bytes empfangen.</translation>
    </message>
    <message>
        <source>The label {label} has another colour here, and qubes may rely on it.</source>
        <translation>Das Label {label} hat hier eine andere Farbe, auf die sich Qubes verlassen können.</translation>
    </message>
    <message>
        <source>There is another pool {pool} here; remove it first.</source>
        <translation>Hier gibt es einen anderen Pool {pool}; entfernen Sie ihn zuerst.</translation>
    </message>
    <message>
        <source>Not a policy file: {path}</source>
        <translation>Keine Richtliniendatei: {path}</translation>
    </message>
    <message>
        <source>The backup has no {item} of dom0.</source>
        <translation>Die Sicherung hat kein {item} von dom0.</translation>
    </message>
    <message>
        <source>The home of dom0 is not backed up.</source>
        <translation>Das Home von dom0 wird nicht gesichert.</translation>
    </message>
    <message>
        <source>The daemon ended before the backup was complete.</source>
        <translation>Der Dienst endete, bevor die Sicherung vollständig war.</translation>
    </message>
    <message>
        <source>The profile is not accepted; `qubes-backup --profile {profile}` says why.</source>
        <translation>Das Profil wird nicht angenommen; „qubes-backup --profile {profile}“ nennt den Grund.</translation>
    </message>
    <message>
        <source>dom0 alone sees the reason, which may name other qubes.</source>
        <translation>Nur dom0 sieht den Grund, der andere Qubes nennen kann.</translation>
    </message>
    <message>
        <source>Left out, because {owner} does not see them: {qubes}.</source>
        <translation>Ausgelassen, weil {owner} sie nicht sieht: {qubes}.</translation>
    </message>
    <message>
        <source>Kept, because no other backup of the profile holds the qube: {backups}.</source>
        <translation>Behalten, weil keine andere Sicherung des Profils den Qube enthält: {backups}.</translation>
    </message>
    <message>
        <source>The backup {path} is on the disk; that it was made is not noted.</source>
        <translation>Die Sicherung {path} ist geschrieben; dass sie gemacht wurde, ist nicht vermerkt.</translation>
    </message>
    <message>
        <source>There is no policy file {file}.</source>
        <translation>Es gibt keine Richtliniendatei {file}.</translation>
    </message>
    <message>
        <source>The policy file {file} cannot be written: {why}.</source>
        <translation>Die Richtliniendatei {file} lässt sich nicht schreiben: {why}.</translation>
    </message>
    <message>
        <source>{file} is included by {lines}.</source>
        <translation>{file} wird eingebunden von {lines}.</translation>
    </message>
    <message>
        <source>The policy file {file} cannot be removed: {why}.</source>
        <translation>Die Richtliniendatei {file} lässt sich nicht entfernen: {why}.</translation>
    </message>
    <message>
        <source>The policy file {file} has been removed in the meantime.</source>
        <translation>Die Richtliniendatei {file} wurde inzwischen entfernt.</translation>
    </message>
    <message>
        <source>There is already a policy file {file}.</source>
        <translation>Es gibt schon eine Richtliniendatei {file}.</translation>
    </message>
    <message>
        <source>The policy file {file} has been changed in the meantime; read it again.</source>
        <translation>Die Richtliniendatei {file} wurde inzwischen geändert; lesen Sie sie noch einmal.</translation>
    </message>
    <message>
        <source>Use {name}; the suffix {suffix} is added.</source>
        <translation>Nehmen Sie {name}; die Endung {suffix} kommt von selbst dazu.</translation>
    </message>
    <message>
        <source>The policy file {file} is not UTF-8.</source>
        <translation>Die Richtliniendatei {file} ist kein UTF-8.</translation>
    </message>
    <message>
        <source>There are more than {most} files in {folder}.</source>
        <translation>In {folder} sind mehr als {most} Dateien.</translation>
    </message>
    <message>
        <source>The policy file {file} cannot be read: {why}.</source>
        <translation>Die Richtliniendatei {file} lässt sich nicht lesen: {why}.</translation>
    </message>
    <message>
        <source>The policy file {file} is larger than 1 MiB.</source>
        <translation>Die Richtliniendatei {file} ist größer als 1 MiB.</translation>
    </message>
    <message>
        <source>It is removed, and that could not be stored: {why}</source>
        <translation>Er ist entfernt, und das ließ sich nicht speichern: {why}</translation>
    </message>
    <message>
        <source>The volumes have the name {qube} again, and that could not be stored: {why}</source>
        <translation>Die Datenträger haben wieder den Namen {qube}, und das ließ sich nicht speichern: {why}</translation>
    </message>
    <message>
        <source>{row} Add the pool again, with its name and path.</source>
        <translation>{row} Fügen Sie den Pool wieder hinzu, mit seinem Namen und Pfad.</translation>
    </message>
    <message>
        <source>Not enforced: {why}</source>
        <translation>Nicht durchgesetzt: {why}</translation>
    </message>
    <message>
        <source>qubes have user networking.</source>
        <translation>Qubes haben ein Benutzernetz (user networking).</translation>
    </message>
    <message>
        <source>It is not connected to {netvm}: {why}</source>
        <translation>Er ist nicht mit {netvm} verbunden: {why}</translation>
    </message>
    <message>
        <source>The earlier rules are still in effect: {why}</source>
        <translation>Die früheren Regeln gelten noch: {why}</translation>
    </message>
    <message>
        <source>The firewall is kept, not enforced: the net qube {netvm} has no separate network namespace.</source>
        <translation>Die Firewall wird aufbewahrt, nicht durchgesetzt: Der Netz-Qube {netvm} hat keinen eigenen Netz-Namensraum.</translation>
    </message>
    <message>
        <source>Everything from {qube} is dropped: {why}</source>
        <translation>Alles von {qube} wird verworfen: {why}</translation>
    </message>
    <message>
        <source>{qubes} have the same address {address}.</source>
        <translation>{qubes} haben dieselbe Adresse {address}.</translation>
    </message>
    <message>
        <source>rule {number} cannot be carried out. {why}</source>
        <translation>Regel {number} lässt sich nicht umsetzen. {why}</translation>
    </message>
    <message>
        <source>No address of {host} is known, so it cannot be blocked.</source>
        <translation>Von {host} ist keine Adresse bekannt; er lässt sich nicht sperren.</translation>
    </message>
    <message>
        <source>The DNS servers of the net qube are not known, so they cannot be blocked.</source>
        <translation>Die DNS-Server des Netz-Qubes sind nicht bekannt; sie lassen sich nicht sperren.</translation>
    </message>
    <message>
        <source>There is no kernel {kernel}.</source>
        <translation>Es gibt keinen Kernel {kernel}.</translation>
    </message>
    <message>
        <source>{path} is not a folder; a pool follows no symbolic links.</source>
        <translation>{path} ist kein Ordner; ein Pool folgt keinen symbolischen Verknüpfungen.</translation>
    </message>
    <message>
        <source>{path} is not a file of the pool; a pool follows no symbolic links.</source>
        <translation>{path} ist keine Datei des Pools; ein Pool folgt keinen symbolischen Verknüpfungen.</translation>
    </message>
    <message>
        <source>{path} is not a regular file; a pool opens nothing else.</source>
        <translation>{path} ist keine gewöhnliche Datei; ein Pool öffnet nichts anderes.</translation>
    </message>
    <message>
        <source>The folder {path} belongs to user {user}, who could replace volumes.</source>
        <translation>Der Ordner {path} gehört dem Benutzer {user}, der Datenträger austauschen könnte.</translation>
    </message>
    <message>
        <source>Every user may write to the folder {path}; remove that right first.</source>
        <translation>Jeder Benutzer darf in den Ordner {path} schreiben; entziehen Sie zuerst dieses Recht.</translation>
    </message>
    <message>
        <source>{path} belongs to user {user}, who could replace it.</source>
        <translation>{path} gehört dem Benutzer {user}, der es austauschen könnte.</translation>
    </message>
    <message>
        <source>Other users may write to {path}; remove that right first.</source>
        <translation>Andere Benutzer dürfen in {path} schreiben; entziehen Sie zuerst dieses Recht.</translation>
    </message>
    <message>
        <source>{vid} is not the name of a volume (&lt;qube&gt;/&lt;volume&gt;).</source>
        <translation>{vid} ist nicht der Name eines Datenträgers (&lt;qube&gt;/&lt;volume&gt;).</translation>
    </message>
    <message>
        <source>The pool {pool} already has a volume {vid}, which is left as it is. If it belongs to no qube, qubes-mgmt1d --recover creates its qube again, and mgmt1.pool.volume.Remove deletes it.</source>
        <translation>Der Pool {pool} hat schon einen Datenträger {vid}; der bleibt, wie er ist. Hat ihn kein Qube, legt qubes-mgmt1d --recover seinen Qube wieder an, und mgmt1.pool.volume.Remove löscht ihn.</translation>
    </message>
    <message>
        <source>{path} is not a volume, and a volume is to be created there; move it away. qubes-mgmt1d --check lists all such files.</source>
        <translation>{path} ist kein Datenträger, und dort soll einer angelegt werden; schieben Sie es beiseite. qubes-mgmt1d --check nennt alle solchen Dateien.</translation>
    </message>
    <message>
        <source>A volume cannot have {size} bytes: a positive multiple of 512 is needed.</source>
        <translation>Ein Datenträger kann nicht {size} Bytes haben: Nötig ist ein positives Vielfaches von 512.</translation>
    </message>
    <message>
        <source>The disk of the pool {pool} is full.</source>
        <translation>Das Laufwerk des Pools {pool} ist voll.</translation>
    </message>
    <message>
        <source>The disk of the pool {pool} refused: {why}.</source>
        <translation>Das Laufwerk des Pools {pool} hat abgelehnt: {why}.</translation>
    </message>
    <message>
        <source>{path} is damaged: it is cut off.</source>
        <translation>{path} ist beschädigt: Es ist abgeschnitten.</translation>
    </message>
    <message>
        <source>The file system of {path} cannot share blocks between files (xfs and btrfs can): choose another folder, or the driver file-qcow2.</source>
        <translation>Das Dateisystem von {path} kann keine Blöcke zwischen Dateien teilen (xfs und btrfs können es): Wählen Sie einen anderen Ordner oder den Treiber file-qcow2.</translation>
    </message>
    <message>
        <source>{path} is damaged: it is empty.</source>
        <translation>{path} ist beschädigt: Es ist leer.</translation>
    </message>
    <message>
        <source>The folder {path} does not exist. Is its disk connected and mounted?</source>
        <translation>Den Ordner {path} gibt es nicht. Ist sein Laufwerk angeschlossen und eingehängt?</translation>
    </message>
    <message>
        <source>The settings of the qube of {vid} are too long to be kept beside the volume.</source>
        <translation>Die Einstellungen des Qubes von {vid} sind zu lang, um beim Datenträger aufbewahrt zu werden.</translation>
    </message>
    <message>
        <source>The pool {pool} has no volume {vid}.</source>
        <translation>Der Pool {pool} hat keinen Datenträger {vid}.</translation>
    </message>
    <message>
        <source>The volume {vid} of the pool {pool} has been replaced by another.</source>
        <translation>Der Datenträger {vid} des Pools {pool} wurde durch einen anderen ersetzt.</translation>
    </message>
    <message>
        <source>The volumes of {qube} are in use.</source>
        <translation>Die Datenträger von {qube} sind in Gebrauch.</translation>
    </message>
    <message>
        <source>The volume has no snapshot {snapshot}.</source>
        <translation>Der Datenträger hat keinen Schnappschuss {snapshot}.</translation>
    </message>
    <message>
        <source>The volume {vid} exists only while its qube runs.</source>
        <translation>Den Datenträger {vid} gibt es nur, solange sein Qube läuft.</translation>
    </message>
    <message>
        <source>The volume in {path} is damaged: {layer} cannot be below it.</source>
        <translation>Der Datenträger in {path} ist beschädigt: {layer} kann nicht darunterliegen.</translation>
    </message>
    <message>
        <source>The volume in {path} is damaged: {layer} is missing.</source>
        <translation>Der Datenträger in {path} ist beschädigt: {layer} fehlt.</translation>
    </message>
    <message>
        <source>The volume {vid} is in use.</source>
        <translation>Der Datenträger {vid} ist in Gebrauch.</translation>
    </message>
    <message>
        <source>A volume can only grow; {vid} already has {size} bytes.</source>
        <translation>Ein Datenträger kann nur wachsen; {vid} hat schon {size} Bytes.</translation>
    </message>
    <message>
        <source>An earlier snapshot of {vid} was interrupted; the next can be taken after its qube halts.</source>
        <translation>Ein früherer Schnappschuss von {vid} wurde unterbrochen; der nächste ist möglich, sobald sein Qube aus war.</translation>
    </message>
    <message>
        <source>A volume cannot both start from its source and be kept.</source>
        <translation>Ein Datenträger kann nicht zugleich von seiner Quelle ausgehen und aufbewahrt werden.</translation>
    </message>
    <message>
        <source>{path} has a second name, by which another volume would change with it.</source>
        <translation>{path} hat einen zweiten Namen, über den sich ein anderer Datenträger mit ihm ändern würde.</translation>
    </message>
    <message>
        <source>The folder {path} is in use by {daemon}. Stop that daemon first; if it is gone for good, wait {minutes} minutes or start this one with --take-over.</source>
        <translation>Den Ordner {path} benutzt gerade {daemon}. Beenden Sie zuerst jenen Dienst; ist er endgültig fort, warten Sie {minutes} Minuten oder starten Sie diesen mit --take-over.</translation>
    </message>
    <message>
        <source>The folder {path} was taken over by {daemon}.</source>
        <translation>Den Ordner {path} hat {daemon} übernommen.</translation>
    </message>
    <message>
        <source>{path} is not a regular file.</source>
        <translation>{path} ist keine gewöhnliche Datei.</translation>
    </message>
    <message>
        <source>The pool {pool} contains dom0&apos;s kernels; qubes only read them.</source>
        <translation>Der Pool {pool} enthält die Kernel von dom0; Qubes lesen sie nur.</translation>
    </message>
    <message>
        <source>The program {program} is not installed (package lvm2).</source>
        <translation>Das Programm {program} ist nicht installiert (Paket lvm2).</translation>
    </message>
    <message>
        <source>{program} failed: {why}</source>
        <translation>{program} ist fehlgeschlagen: {why}</translation>
    </message>
    <message>
        <source>Not the name of a volume group or thin pool: {name}.</source>
        <translation>Nicht der Name einer Volume-Gruppe oder eines Thin Pools: {name}.</translation>
    </message>
    <message>
        <source>A thin volume cannot be created in {group}/{pool}; root and a kernel with the device mapper&apos;s thin target are needed. {why}</source>
        <translation>In {group}/{pool} lässt sich kein Thin Volume anlegen; nötig sind root und ein Kernel, dessen Device Mapper „thin“ kann. {why}</translation>
    </message>
    <message>
        <source>The logical volume {group}/{volume} is not active.</source>
        <translation>Das logische Volume {group}/{volume} ist nicht aktiv.</translation>
    </message>
    <message>
        <source>The settings of the qube of {vid} are too long for tags of LVM.</source>
        <translation>Die Einstellungen des Qubes von {vid} sind zu lang für Tags von LVM.</translation>
    </message>
    <message>
        <source>{path} is damaged, or is not the manifest of a volume of this pool.</source>
        <translation>{path} ist beschädigt oder nicht das Manifest eines Datenträgers dieses Pools.</translation>
    </message>
    <message>
        <source>{path} is not a qcow2 image.</source>
        <translation>{path} ist kein qcow2-Abbild.</translation>
    </message>
    <message>
        <source>{path} uses a variant of qcow2 that the pool does not use.</source>
        <translation>{path} nutzt eine Variante von qcow2, die der Pool nicht nutzt.</translation>
    </message>
    <message>
        <source>{path} has an impossible size: {size} bytes.</source>
        <translation>{path} hat eine unmögliche Größe: {size} Bytes.</translation>
    </message>
    <message>
        <source>The table of clusters of {path} is outside of the file, or has a wrong length.</source>
        <translation>Die Tabelle der Cluster von {path} liegt außerhalb der Datei oder hat eine falsche Länge.</translation>
    </message>
    <message>
        <source>{path} names a backing file that is not a qcow2 image of its own folder.</source>
        <translation>{path} nennt eine Grunddatei (backing file), die kein qcow2-Abbild seines eigenen Ordners ist.</translation>
    </message>
    <message>
        <source>The header extensions of {path} have no end.</source>
        <translation>Die Kopf-Erweiterungen von {path} haben kein Ende.</translation>
    </message>
    <message>
        <source>{path} has a header extension that the pool does not use: {kind}.</source>
        <translation>{path} hat eine Kopf-Erweiterung, die der Pool nicht nutzt: {kind}.</translation>
    </message>
    <message>
        <source>This volume cannot grow beyond {most:bytes}.</source>
        <translation>Dieser Datenträger kann nicht über {most:bytes} wachsen.</translation>
    </message>
    <message>
        <source>The volume contains compressed clusters, which the pool never writes.</source>
        <translation>Der Datenträger enthält komprimierte Cluster, die der Pool nie schreibt.</translation>
    </message>
    <message>
        <source>The image of the volume is damaged: it uses clusters twice.</source>
        <translation>Das Abbild des Datenträgers ist beschädigt: Es nutzt Cluster zweimal.</translation>
    </message>
    <message>
        <source>More data was received than the {size} bytes announced.</source>
        <translation>Es kamen mehr Daten als die angekündigten {size} Bytes.</translation>
    </message>
    <message>
        <source>Only {received} of the {size} bytes announced were received.</source>
        <translation>Von den angekündigten {size} Bytes kamen nur {received}.</translation>
    </message>
    <message>
        <source>There is no pool driver {driver}; there are {drivers}.</source>
        <translation>Es gibt keinen Pool-Treiber {driver}; es gibt {drivers}.</translation>
    </message>
    <message>
        <source>The pool driver {driver} has no option {option}; it has {options}.</source>
        <translation>Der Pool-Treiber {driver} hat keine Option {option}; er hat {options}.</translation>
    </message>
    <message>
        <source>The pool driver {driver} needs the option {option}.</source>
        <translation>Der Pool-Treiber {driver} braucht die Option {option}.</translation>
    </message>
    <message>
        <source>The option {option} must be an absolute path.</source>
        <translation>Die Option {option} muss ein absoluter Pfad sein.</translation>
    </message>
    <message>
        <source>The option {option} must be a number.</source>
        <translation>Die Option {option} muss eine Zahl sein.</translation>
    </message>
    <message>
        <source>This computer has no {class} device {device}.</source>
        <translation>Dieser Rechner hat kein Gerät {device} der Klasse {class}.</translation>
    </message>
    <message>
        <source>There is no {class} device {device}.</source>
        <translation>Es gibt kein Gerät {device} der Klasse {class}.</translation>
    </message>
    <message>
        <source>The computer itself uses it: {use}.</source>
        <translation>Der Rechner nutzt es selbst: {use}.</translation>
    </message>
    <message>
        <source>accel is auto, kvm or tcg, not {value}.</source>
        <translation>accel ist auto, kvm oder tcg, nicht {value}.</translation>
    </message>
    <message>
        <source>The qube did not halt within {seconds} seconds.</source>
        <translation>Der Qube ging nicht innerhalb von {seconds} Sekunden aus.</translation>
    </message>
    <message>
        <source>{serial} cannot be the serial number of a disk.</source>
        <translation>{serial} kann nicht die Seriennummer eines Datenträgers sein.</translation>
    </message>
    <message>
        <source>Sound cannot be added to a running qube: the microphone changes at its next start.</source>
        <translation>Ton lässt sich einem laufenden Qube nicht geben: Das Mikrofon ändert sich bei seinem nächsten Start.</translation>
    </message>
    <message>
        <source>{path} is attached as a disk.</source>
        <translation>{path} ist als Datenträger verbunden.</translation>
    </message>
    <message>
        <source>{place} is not a place for a disk; the places are xvda to xvdzz.</source>
        <translation>{place} ist kein Platz für einen Datenträger; die Plätze sind xvda bis xvdzz.</translation>
    </message>
    <message>
        <source>The qube has no disk {disk}.</source>
        <translation>Der Qube hat keinen Datenträger {disk}.</translation>
    </message>
    <message>
        <source>{text} has characters that the hypervisor does not accept.</source>
        <translation>{text} hat Zeichen, die der Hypervisor nicht annimmt.</translation>
    </message>
    <message>
        <source>The hypervisor {uri} cannot be reached: {why}</source>
        <translation>Der Hypervisor {uri} ist nicht erreichbar: {why}</translation>
    </message>
    <message>
        <source>The hypervisor {uri} sends no events: {why}</source>
        <translation>Der Hypervisor {uri} sendet keine Ereignisse: {why}</translation>
    </message>
    <message>
        <source>The connection to the hypervisor is lost; it is being opened again.</source>
        <translation>Die Verbindung zum Hypervisor ist abgebrochen; sie wird wieder aufgebaut.</translation>
    </message>
    <message>
        <source>The connection to the hypervisor is lost.</source>
        <translation>Die Verbindung zum Hypervisor ist abgebrochen.</translation>
    </message>
    <message>
        <source>The qube is not paused.</source>
        <translation>Der Qube ist nicht angehalten.</translation>
    </message>
    <message>
        <source>The qube does not release {device}; it may be in use.</source>
        <translation>Der Qube gibt {device} nicht frei; vielleicht ist es in Gebrauch.</translation>
    </message>
    <message>
        <source>The qube is not running.</source>
        <translation>Der Qube läuft nicht.</translation>
    </message>
    <message>
        <source>This hypervisor cannot do that: {why}</source>
        <translation>Dieser Hypervisor kann das nicht: {why}</translation>
    </message>
    <message>
        <source>The hypervisor refused: {why}</source>
        <translation>Der Hypervisor hat abgelehnt: {why}</translation>
    </message>
    <message>
        <source>The program {program} is not installed.</source>
        <translation>Das Programm {program} ist nicht installiert.</translation>
    </message>
    <message>
        <source>{program} did not end within {seconds} seconds.</source>
        <translation>{program} endete nicht innerhalb von {seconds} Sekunden.</translation>
    </message>
    <message>
        <source>The computer cannot be shut down from here: systemctl is missing.</source>
        <translation>Der Rechner lässt sich von hier nicht herunterfahren: systemctl fehlt.</translation>
    </message>
    <message>
        <source>The computer cannot be shut down: {why}.</source>
        <translation>Der Rechner lässt sich nicht herunterfahren: {why}.</translation>
    </message>
    <message>
        <source>The computer was not shut down: {why}</source>
        <translation>Der Rechner wurde nicht heruntergefahren: {why}</translation>
    </message>
    <message>
        <source>Not installed here: {programs}.</source>
        <translation>Hier nicht installiert: {programs}.</translation>
    </message>
    <message>
        <source>Cannot run {program}: {why}</source>
        <translation>{program} lässt sich nicht ausführen: {why}</translation>
    </message>
    <message>
        <source>The policy does not allow this qube to run programs in {qube}.</source>
        <translation>Die Richtlinie erlaubt diesem Qube nicht, in {qube} Programme auszuführen.</translation>
    </message>
    <message>
        <source>{program} ended with status {status}.</source>
        <translation>{program} endete mit Status {status}.</translation>
    </message>
    <message>
        <source>dom0 does not allow profiles of qubes to send backups to {qube}.</source>
        <translation>dom0 erlaubt Profilen von Qubes nicht, Sicherungen an {qube} zu senden.</translation>
    </message>
    <message>
        <source>dom0 does not allow profiles of qubes to write backups to {path}.</source>
        <translation>dom0 erlaubt Profilen von Qubes nicht, Sicherungen nach {path} zu schreiben.</translation>
    </message>
    <message>
        <source>{path} cannot be read: {why}</source>
        <translation>{path} lässt sich nicht lesen: {why}</translation>
    </message>
    <message>
        <source>{path} could have been written by others; it is not used.</source>
        <translation>{path} könnten andere geschrieben haben; es wird nicht verwendet.</translation>
    </message>
    <message>
        <source>{path} is larger than {most:KiB}.</source>
        <translation>{path} ist größer als {most:KiB}.</translation>
    </message>
    <message>
        <source>{path} has {line}, which is neither an absolute folder nor a qube.</source>
        <translation>{path} enthält {line}; das ist weder ein absoluter Ordner noch ein Qube.</translation>
    </message>
    <message>
        <source>The destination of the backups does not answer within {seconds} seconds.</source>
        <translation>Das Ziel der Sicherungen antwortet nicht innerhalb von {seconds} Sekunden.</translation>
    </message>
    <message>
        <source>The file system that is mounted at {path} cannot be read: {why}.</source>
        <translation>Das Dateisystem, das in {path} eingehängt ist, lässt sich nicht lesen: {why}.</translation>
    </message>
    <message>
        <source>The backup cannot be written to {path}: {why}.</source>
        <translation>Die Sicherung lässt sich nicht nach {path} schreiben: {why}.</translation>
    </message>
    <message>
        <source>The backup may need a file of {needed:bytes}, and the file system of {path} ({kind}) takes files of up to {most:bytes}.</source>
        <translation>Die Sicherung braucht vielleicht eine Datei von {needed:bytes}, und das Dateisystem von {path} ({kind}) fasst Dateien bis {most:bytes}.</translation>
    </message>
    <message>
        <source>There is no user {user}, whose home is to be backed up.</source>
        <translation>Es gibt keinen Benutzer {user}, dessen Home gesichert werden soll.</translation>
    </message>
    <message>
        <source>The group {group} has no member: name the user in dom0_home.</source>
        <translation>Die Gruppe {group} hat kein Mitglied: Nennen Sie den Benutzer in dom0_home.</translation>
    </message>
    <message>
        <source>Only the daemon of the system, or that of {user}, backs up the home of {owner}.</source>
        <translation>Nur der Dienst des Systems oder der von {user} sichert das Home von {owner}.</translation>
    </message>
    <message>
        <source>There is no backup profile {profile}.</source>
        <translation>Es gibt kein Sicherungsprofil {profile}.</translation>
    </message>
    <message>
        <source>The backup profile {profile} cannot be read: {why}</source>
        <translation>Das Sicherungsprofil {profile} lässt sich nicht lesen: {why}</translation>
    </message>
    <message>
        <source>The backup profile {profile} cannot be written: {why}.</source>
        <translation>Das Sicherungsprofil {profile} lässt sich nicht schreiben: {why}.</translation>
    </message>
    <message>
        <source>The backup profile {profile} cannot be removed: {why}.</source>
        <translation>Das Sicherungsprofil {profile} lässt sich nicht entfernen: {why}.</translation>
    </message>
    <message>
        <source>There is no folder {path}.</source>
        <translation>Es gibt keinen Ordner {path}.</translation>
    </message>
    <message>
        <source>There is already a file {path}.</source>
        <translation>Es gibt schon eine Datei {path}.</translation>
    </message>
    <message>
        <source>{path} cannot be written: {why}.</source>
        <translation>{path} lässt sich nicht schreiben: {why}.</translation>
    </message>
    <message>
        <source>The file system of {path} takes no file larger than {most:bytes}, and the backup is larger. It was removed.</source>
        <translation>Das Dateisystem von {path} fasst keine Datei über {most:bytes}, und die Sicherung ist größer. Sie wurde entfernt.</translation>
    </message>
    <message>
        <source>The disk of {path} is full: {written:bytes} of the backup had been written, and were removed.</source>
        <translation>Das Laufwerk von {path} ist voll: {written:bytes} der Sicherung waren geschrieben und wurden entfernt.</translation>
    </message>
    <message>
        <source>The backup that was written cannot be read: {why}</source>
        <translation>Die geschriebene Sicherung lässt sich nicht lesen: {why}</translation>
    </message>
    <message>
        <source>{program} cannot be started: {why}.</source>
        <translation>{program} lässt sich nicht starten: {why}.</translation>
    </message>
    <message>
        <source>{qube} cannot be reached: this computer has no qrexec ({program}).</source>
        <translation>{qube} ist nicht erreichbar: Dieser Rechner hat kein qrexec ({program}).</translation>
    </message>
    <message>
        <source>{qube} did not give the passphrase: {why}</source>
        <translation>{qube} gab die Passphrase nicht heraus: {why}</translation>
    </message>
    <message>
        <source>{qube} did not give the passphrase (status {status}).</source>
        <translation>{qube} gab die Passphrase nicht heraus (Status {status}).</translation>
    </message>
    <message>
        <source>The passphrase in {path} cannot be read: {why}.</source>
        <translation>Die Passphrase in {path} lässt sich nicht lesen: {why}.</translation>
    </message>
    <message>
        <source>Network namespaces and taps need root.</source>
        <translation>Netz-Namensräume und Taps brauchen root.</translation>
    </message>
    <message>
        <source>This kernel has no /dev/net/tun.</source>
        <translation>Dieser Kernel hat kein /dev/net/tun.</translation>
    </message>
    <message>
        <source>{path} is in use by this computer.</source>
        <translation>{path} wird von diesem Rechner benutzt.</translation>
    </message>
    <message>
        <source>{path} cannot be opened: {why}.</source>
        <translation>{path} lässt sich nicht öffnen: {why}.</translation>
    </message>
    <message>
        <source>The store {path} cannot be opened: {why}</source>
        <translation>Die Datenbank {path} lässt sich nicht öffnen: {why}</translation>
    </message>
    <message>
        <source>The store cannot be copied to {path} before it is changed: {why}</source>
        <translation>Die Datenbank lässt sich nicht nach {path} kopieren, bevor sie geändert wird: {why}</translation>
    </message>
    <message>
        <source>The store is closed.</source>
        <translation>Die Datenbank ist geschlossen.</translation>
    </message>
    <message>
        <source>The store cannot be read: {why}</source>
        <translation>Die Datenbank lässt sich nicht lesen: {why}</translation>
    </message>
    <message>
        <source>The rows of the store cannot be checked: {why}</source>
        <translation>Die Zeilen der Datenbank lassen sich nicht prüfen: {why}</translation>
    </message>
    <message>
        <source>The change could not be stored: {why}</source>
        <translation>Die Änderung ließ sich nicht speichern: {why}</translation>
    </message>
    <message>
        <source>The change could not be stored: {path} was deleted or replaced while the daemon runs. Put the file back, or stop the daemon before you replace the store.</source>
        <translation>Die Änderung ließ sich nicht speichern: {path} wurde gelöscht oder ersetzt, während der Dienst läuft. Legen Sie die Datei zurück, oder beenden Sie den Dienst, bevor Sie die Datenbank ersetzen.</translation>
    </message>
    <message>
        <source>the disk of {path} is full and cannot be examined: {why}.</source>
        <translation>das Laufwerk von {path} ist voll und lässt sich nicht untersuchen: {why}.</translation>
    </message>
    <message>
        <source>the disk of {path} is full: {free:bytes} are left.</source>
        <translation>das Laufwerk von {path} ist voll: {free:bytes} sind noch frei.</translation>
    </message>
    <message>
        <source>The store was written by a newer version of this program.</source>
        <translation>Die Datenbank wurde von einer neueren Version dieses Programms geschrieben.</translation>
    </message>
    <message>
        <source>It was not asked for.</source>
        <translation>Er war nicht gewünscht.</translation>
    </message>
    <message>
        <source>The home of dom0 is restored only when it is asked for (dom0-home).</source>
        <translation>Das Home von dom0 wird nur auf Verlangen wiederhergestellt (dom0-home).</translation>
    </message>
    <message>
        <source>There are no qubes of the class {class} here.</source>
        <translation>Qubes der Klasse {class} gibt es hier nicht.</translation>
    </message>
    <message>
        <source>It is whole; the backup is damaged elsewhere: {problems}</source>
        <translation>Er ist unversehrt; die Sicherung ist an anderer Stelle beschädigt: {problems}</translation>
    </message>
    <message>
        <source>The file holds no volume {volumes} of {qube}.</source>
        <translation>Die Datei enthält keinen Datenträger {volumes} von {qube}.</translation>
    </message>
    <message>
        <source>Its template {template} is missing.</source>
        <translation>Seine Vorlage {template} fehlt.</translation>
    </message>
    <message>
        <source>Its net qube {netvm} is missing.</source>
        <translation>Sein Netz-Qube {netvm} fehlt.</translation>
    </message>
    <message>
        <source>Its firewall has more than {most} rules; after rule {last} all is dropped.</source>
        <translation>Seine Firewall hat mehr als {most} Regeln; nach Regel {last} wird alles verworfen.</translation>
    </message>
    <message>
        <source>Its notes are left out: {why}</source>
        <translation>Seine Notizen sind ausgelassen: {why}</translation>
    </message>
    <message>
        <source>And {count} more that are not named here.</source>
        <translation>Und {count} weitere, die hier nicht genannt sind.</translation>
    </message>
    <message>
        <source>Its home is in {path}: {files} files, {bytes:bytes}.</source>
        <translation>Sein Home ist in {path}: {files} Dateien, {bytes:bytes}.</translation>
    </message>
    <message>
        <source>There is no label {label}; it is {other}.</source>
        <translation>Ein Label {label} gibt es nicht; er hat {other}.</translation>
    </message>
    <message>
        <source>Its template is {template}.</source>
        <translation>Seine Vorlage ist {template}.</translation>
    </message>
    <message>
        <source>A {class} has no property {property} here; {value} is left out.</source>
        <translation>Eine {class} hat hier keine Eigenschaft {property}; {value} ist ausgelassen.</translation>
    </message>
    <message>
        <source>Its net qube is the default, not {netvm}: {why}</source>
        <translation>Er bekommt den üblichen Netz-Qube, nicht {netvm}: {why}</translation>
    </message>
    <message>
        <source>It has no net qube: {why}</source>
        <translation>Er hat keinen Netz-Qube: {why}</translation>
    </message>
    <message>
        <source>{property} is the default: {why}</source>
        <translation>{property} hat den Standardwert: {why}</translation>
    </message>
    <message>
        <source>Its autostart is off, because it had PCI devices.</source>
        <translation>Er startet nicht mit dem System, weil er PCI-Geräte hatte.</translation>
    </message>
    <message>
        <source>its name is not valid.</source>
        <translation>sein Name ist ungültig.</translation>
    </message>
    <message>
        <source>The feature {feature} is left out: {why}</source>
        <translation>Das Feature {feature} ist ausgelassen: {why}</translation>
    </message>
    <message>
        <source>The tag {tag} is left out: it is not valid.</source>
        <translation>Das Tag {tag} ist ausgelassen: Es ist ungültig.</translation>
    </message>
    <message>
        <source>The tag {tag} is {other} here.</source>
        <translation>Das Tag {tag} heißt hier {other}.</translation>
    </message>
    <message>
        <source>{count} devices are left out: a qube has at most {most}.</source>
        <translation>{count} Geräte sind ausgelassen: Ein Qube hat höchstens {most}.</translation>
    </message>
    <message>
        <source>The device {device} is left out: {why}</source>
        <translation>Das Gerät {device} ist ausgelassen: {why}</translation>
    </message>
    <message>
        <source>there is no such class of devices.</source>
        <translation>eine solche Klasse von Geräten gibt es nicht.</translation>
    </message>
    <message>
        <source>there is no qube {qube} that could offer it.</source>
        <translation>es gibt keinen Qube {qube}, der es anbieten könnte.</translation>
    </message>
    <message>
        <source>its mode was {mode}, and here it would be attached unasked.</source>
        <translation>sein Modus war {mode}, und hier würde es ungefragt verbunden.</translation>
    </message>
    <message>
        <source>it is there twice.</source>
        <translation>es ist zweimal da.</translation>
    </message>
    <message>
        <source>the qube has no place for another disk.</source>
        <translation>der Qube hat keinen Platz für einen weiteren Datenträger.</translation>
    </message>
    <message>
        <source>{count} tags are left out: a qube has at most {most}.</source>
        <translation>{count} Tags sind ausgelassen: Ein Qube hat höchstens {most}.</translation>
    </message>
    <message>
        <source>The notes are left out: they are too long.</source>
        <translation>Die Notizen sind ausgelassen: Sie sind zu lang.</translation>
    </message>
    <message>
        <source>It has too many features, or too large ones; left out: {features}{more}.</source>
        <translation>Er hat zu viele oder zu große Features; ausgelassen: {features}{more}.</translation>
    </message>
    <message>
        <source>It is the same here.</source>
        <translation>Hier ist es gleich.</translation>
    </message>
    <message>
        <source>It is added.</source>
        <translation>Es kommt hinzu.</translation>
    </message>
    <message>
        <source>It replaces the value here.</source>
        <translation>Es ersetzt, was hier war.</translation>
    </message>
    <message>
        <source>The backup may need {needed:MiB}, and {path} has {free:MiB} left.</source>
        <translation>Die Sicherung braucht vielleicht {needed:MiB}, und in {path} sind {free:MiB} frei.</translation>
    </message>
    <message>
        <source>{path} is not a folder.</source>
        <translation>{path} ist kein Ordner.</translation>
    </message>
    <message>
        <source>The folder {path} is not empty and is not a pool: {name} lies in it. Name a folder that is empty or does not exist yet. If it is a pool of an earlier version, move away what is not a volume.</source>
        <translation>Der Ordner {path} ist nicht leer und kein Pool: {name} liegt darin. Nennen Sie einen Ordner, der leer ist oder noch nicht existiert. Ist es ein Pool einer früheren Version, schieben Sie beiseite, was kein Datenträger ist.</translation>
    </message>
    <message>
        <source>A {class} device has no option {option}; it has: {options}.</source>
        <translation>Ein Gerät der Klasse {class} hat keine Option {option}; es hat: {options}.</translation>
    </message>
    <message>
        <source>{option} is one of {choices}, not {value}.</source>
        <translation>{option} ist etwas von {choices}, nicht {value}.</translation>
    </message>
    <message>
        <source>{option} is xvde to xvdh, xvdy, xvdz or xvdaa to xvdaz, not {value}.</source>
        <translation>{option} ist xvde bis xvdh, xvdy, xvdz oder xvdaa bis xvdaz, nicht {value}.</translation>
    </message>
    <message>
        <source>A backup profile has no key {key}; it has {keys}.</source>
        <translation>Ein Sicherungsprofil hat keinen Schlüssel {key}; es hat {keys}.</translation>
    </message>
    <message>
        <source>A backup profile has destination_path or destination_command, not both.</source>
        <translation>Ein Sicherungsprofil hat destination_path oder destination_command, nicht beides.</translation>
    </message>
    <message>
        <source>A backup profile has only one of passphrase_text, passphrase_file and passphrase_vm.</source>
        <translation>Ein Sicherungsprofil hat nur eines von passphrase_text, passphrase_file und passphrase_vm.</translation>
    </message>
    <message>
        <source>destination_command is run in dom0; it has no destination_vm.</source>
        <translation>destination_command wird in dom0 ausgeführt; dazu gibt es keine destination_vm.</translation>
    </message>
    <message>
        <source>verify and keep need a destination_path in dom0, which can be read again.</source>
        <translation>verify und keep brauchen einen destination_path in dom0, der sich noch einmal lesen lässt.</translation>
    </message>
    <message>
        <source>dom0_home needs {name} in include.</source>
        <translation>dom0_home braucht {name} in include.</translation>
    </message>
    <message>
        <source>keep needs verify: only a verified backup replaces an older one.</source>
        <translation>keep braucht verify: Nur eine geprüfte Sicherung ersetzt eine ältere.</translation>
    </message>
    <message>
        <source>A backup profile is a list of keys with their values.</source>
        <translation>Ein Sicherungsprofil ist eine Liste von Schlüsseln mit ihren Werten.</translation>
    </message>
    <message>
        <source>A backup profile has at most {most} values.</source>
        <translation>Ein Sicherungsprofil hat höchstens {most} Werte.</translation>
    </message>
    <message>
        <source>A backup profile has no aliases.</source>
        <translation>Ein Sicherungsprofil hat keine Aliasse.</translation>
    </message>
    <message>
        <source>A backup profile cannot be nested so deeply.</source>
        <translation>Ein Sicherungsprofil kann nicht so tief verschachtelt sein.</translation>
    </message>
    <message>
        <source>The backup profile has {key} twice.</source>
        <translation>Das Sicherungsprofil hat {key} zweimal.</translation>
    </message>
    <message>
        <source>{key} is one line of text.</source>
        <translation>{key} ist eine Zeile Text.</translation>
    </message>
    <message>
        <source>{key} is a list of qubes, {type}CLASS and {tag}TAG.</source>
        <translation>{key} ist eine Liste von Qubes, {type}CLASS und {tag}TAG.</translation>
    </message>
    <message>
        <source>{key} has {value}, which is not a qube, {type}CLASS or {tag}TAG.</source>
        <translation>{key} enthält {value}; das ist weder ein Qube noch {type}CLASS oder {tag}TAG.</translation>
    </message>
    <message>
        <source>{key} is a list: the program and its arguments.</source>
        <translation>{key} ist eine Liste: das Programm und seine Argumente.</translation>
    </message>
    <message>
        <source>{key} is true or false.</source>
        <translation>{key} ist true oder false.</translation>
    </message>
    <message>
        <source>{key} is true, false or the name of a user.</source>
        <translation>{key} ist true, false oder der Name eines Benutzers.</translation>
    </message>
    <message>
        <source>{key} says how many backups to keep: last, daily, weekly, monthly.</source>
        <translation>{key} sagt, wie viele Sicherungen bleiben: last, daily, weekly, monthly.</translation>
    </message>
    <message>
        <source>{key}: {name} is a number up to {most}.</source>
        <translation>{key}: {name} ist eine Zahl bis {most}.</translation>
    </message>
    <message>
        <source>schedule is hourly, daily HH:MM, weekly mon HH:MM or monthly N HH:MM (N up to {day}), not {value}.</source>
        <translation>schedule ist hourly, daily HH:MM, weekly mon HH:MM oder monthly N HH:MM (N bis {day}), nicht {value}.</translation>
    </message>
    <message>
        <source>{what} is not a passphrase: it is not UTF-8.</source>
        <translation>{what} ist keine Passphrase: Es ist kein UTF-8.</translation>
    </message>
    <message>
        <source>{what} is not a passphrase: it has more than {most} bytes.</source>
        <translation>{what} ist keine Passphrase: Es hat mehr als {most} Bytes.</translation>
    </message>
    <message>
        <source>{what} is not a passphrase: one line of text is needed.</source>
        <translation>{what} ist keine Passphrase: Nötig ist eine Zeile Text.</translation>
    </message>
    <message>
        <source>{what} is not a passphrase: it has more than one line.</source>
        <translation>{what} ist keine Passphrase: Es hat mehr als eine Zeile.</translation>
    </message>
    <message>
        <source>The new folder for the home of dom0 needs an absolute path, not {path}.</source>
        <translation>Der neue Ordner für das Home von dom0 braucht einen absoluten Pfad, nicht {path}.</translation>
    </message>
    <message>
        <source>There is no folder {path} to unpack the home of dom0 in.</source>
        <translation>Es gibt keinen Ordner {path}, in dem sich das Home von dom0 entpacken ließe.</translation>
    </message>
    <message>
        <source>The home of dom0 may need {needed:MiB}, and {path} has {free:MiB} left.</source>
        <translation>Das Home von dom0 braucht vielleicht {needed:MiB}, und in {path} sind {free:MiB} frei.</translation>
    </message>
    <message>
        <source>There is already a {path}; the home of dom0 is unpacked into a new folder.</source>
        <translation>Es gibt schon {path}; das Home von dom0 wird in einen neuen Ordner entpackt.</translation>
    </message>
    <message>
        <source>The folder {path} cannot be created: {why}.</source>
        <translation>Der Ordner {path} lässt sich nicht anlegen: {why}.</translation>
    </message>
    <message>
        <source>The options of a shutdown are force=yes|no and wait=yes|no.</source>
        <translation>Die Optionen des Herunterfahrens sind force=yes|no und wait=yes|no.</translation>
    </message>
    <message>
        <source>{qube} is suspended; resume it first.</source>
        <translation>{qube} schläft; wecken Sie ihn zuerst auf.</translation>
    </message>
    <message>
        <source>{qube} is suspended; resume it first, or kill it.</source>
        <translation>{qube} schläft; wecken Sie ihn zuerst auf, oder beenden Sie ihn hart.</translation>
    </message>
    <message>
        <source>{qube} is already suspended.</source>
        <translation>{qube} schläft schon.</translation>
    </message>
    <message>
        <source>{qube} is not suspended.</source>
        <translation>{qube} schläft nicht.</translation>
    </message>
    <message>
        <source>The qube is not suspended.</source>
        <translation>Der Qube schläft nicht.</translation>
    </message>
    <message>
        <source>{qube} must not be started: {rationale}</source>
        <translation>{qube} darf nicht gestartet werden: {rationale}</translation>
    </message>
    <message>
        <source>The net qube {netvm} is suspended; resume it first.</source>
        <translation>Der Netz-Qube {netvm} schläft; wecken Sie ihn zuerst auf.</translation>
    </message>
    <message>
        <source>{qube} is left out of updates by its feature skip-update.</source>
        <translation>{qube} wird wegen seines Features skip-update nicht aktualisiert.</translation>
    </message>
    <message>
        <source>It gives network to {qubes}, which loses it, too.</source>
        <translation>Er gibt {qubes} Netz; sie verlieren es ebenfalls.</translation>
    </message>
    <message>
        <source>Every new disposable starts without network.</source>
        <translation>Jeder neue Wegwerf-Qube startet ohne Netz.</translation>
    </message>
    <message>
        <source>It is a disposable: its data is lost.</source>
        <translation>Er ist ein Wegwerf-Qube: Seine Daten gehen verloren.</translation>
    </message>
    <message>
        <source>Anything not saved in it is lost.</source>
        <translation>Was darin nicht gespeichert ist, geht verloren.</translation>
    </message>
    <message>
        <source>It uses the network of {netvm}.</source>
        <translation>Er nutzt das Netz von {netvm}.</translation>
    </message>
    <message>
        <source>After {qube}.</source>
        <translation>Nach {qube}.</translation>
    </message>
    <message>
        <source>Needed by {qubes}.</source>
        <translation>Gebraucht von {qubes}.</translation>
    </message>
    <message>
        <source>Its net qube {netvm} is left out or cannot start.</source>
        <translation>Sein Netz-Qube {netvm} ist ausgelassen oder kann nicht starten.</translation>
    </message>
    <message>
        <source>It needs {needed:MiB}; {left:MiB} are left beside the others.</source>
        <translation>Er braucht {needed:MiB}; neben den anderen sind {left:MiB} frei.</translation>
    </message>
    <message>
        <source>Not started, because {qube} failed or was left out.</source>
        <translation>Nicht begonnen, weil {qube} nicht erledigt wurde.</translation>
    </message>
    <message>
        <source>Not started, because there was not enough memory for {qube}.</source>
        <translation>Nicht begonnen, weil kein Speicher für {qube} da war.</translation>
    </message>
    <message>
        <source>It uses {qube}. Choose another qube for it.</source>
        <translation>Er nutzt {qube}. Wählen Sie für ihn einen anderen Qube.</translation>
    </message>
    <message>
        <source>{qube} was changed by another client meanwhile.</source>
        <translation>{qube} wurde inzwischen von einem anderen Client geändert.</translation>
    </message>
    <message>
        <source>There is no boot mode {mode}; there are: {modes}.</source>
        <translation>Es gibt keinen Startmodus {mode}; es gibt: {modes}.</translation>
    </message>
    <message>
        <source>The pool {pool} contains no kernels.</source>
        <translation>Der Pool {pool} enthält keine Kernel.</translation>
    </message>
    <message>
        <source>A qube has at most {most} features.</source>
        <translation>Ein Qube hat höchstens {most} Features.</translation>
    </message>
    <message>
        <source>A qube has at most {most} tags.</source>
        <translation>Ein Qube hat höchstens {most} Tags.</translation>
    </message>
    <message>
        <source>A qube has at most {most} devices.</source>
        <translation>Ein Qube hat höchstens {most} Geräte.</translation>
    </message>
    <message>
        <source>Convert it with: qemu-img convert -O raw FILE root.img</source>
        <translation>Wandeln Sie es um mit: qemu-img convert -O raw FILE root.img</translation>
    </message>
    <message>
        <source>Unpack it first.</source>
        <translation>Entpacken Sie es zuerst.</translation>
    </message>
    <message>
        <source>Install from it into a disk.</source>
        <translation>Installieren Sie damit auf einen Datenträger.</translation>
    </message>
    <message>
        <source>{qube} has shut down.</source>
        <translation>{qube} ist heruntergefahren.</translation>
    </message>
    <message>
        <source>{qube} was killed.</source>
        <translation>{qube} wurde hart beendet.</translation>
    </message>
    <message>
        <source>{done} The cleanup after it failed and will be tried again: {cause}</source>
        <translation>{done} Das Aufräumen danach ist misslungen und wird wiederholt: {cause}</translation>
    </message>
    <message>
        <source>The {class} device {device} is already assigned to {qube}; remove that assignment first.</source>
        <translation>Das Gerät {device} der Klasse {class} ist {qube} schon zugewiesen; entfernen Sie zuerst diese Zuweisung.</translation>
    </message>
    <message>
        <source>The device at {backend}+{ident} is not the one that is assigned to {qube}.</source>
        <translation>Das Gerät an {backend}+{ident} ist nicht das, das {qube} zugewiesen ist.</translation>
    </message>
    <message>
        <source>{backend} does not offer the {class} device {identity}.</source>
        <translation>{backend} bietet kein Gerät {identity} der Klasse {class} an.</translation>
    </message>
    <message>
        <source>{qube} denies devices with the interface {interface}, which {device} has.</source>
        <translation>{qube} lehnt Geräte mit der Schnittstelle {interface} ab, die {device} hat.</translation>
    </message>
    <message>
        <source>A disk at any port has no fixed place: leave frontend-dev out.</source>
        <translation>Ein Datenträger an beliebigem Anschluss hat keinen festen Platz: Lassen Sie frontend-dev weg.</translation>
    </message>
    <message>
        <source>Not an identity of a device: {text}</source>
        <translation>Keine Identität eines Geräts: {text}</translation>
    </message>
    <message>
        <source>{text} does not name interfaces: each has a letter (b, u, p, m) and six hex digits or *, as u03****.</source>
        <translation>{text} nennt keine Schnittstellen: Jede hat einen Buchstaben (b, u, p, m) und sechs Hexadezimalziffern oder *, etwa u03****.</translation>
    </message>
    <message>
        <source>{qube} does not deny the interface {interface}.</source>
        <translation>{qube} lehnt die Schnittstelle {interface} nicht ab.</translation>
    </message>
    <message>
        <source>There is no option {option} here; there is: {name}.</source>
        <translation>Hier gibt es keine Option {option}; es gibt: {name}.</translation>
    </message>
    <message>
        <source>A copy takes from=&lt;qube&gt; volume=&lt;volume&gt;.</source>
        <translation>Eine Kopie nimmt from=&lt;qube&gt; volume=&lt;volume&gt;.</translation>
    </message>
    <message>
        <source>The volume {volume} of {qube} is copied to itself.</source>
        <translation>Der Datenträger {volume} von {qube} wird auf sich selbst kopiert.</translation>
    </message>
    <message>
        <source>The options of a volume are revisions_to_keep=&lt;number&gt;, at least -1 and at most {most}, and rw=yes|no.</source>
        <translation>Die Optionen eines Datenträgers sind revisions_to_keep=&lt;Zahl&gt;, mindestens -1 und höchstens {most}, und rw=yes|no.</translation>
    </message>
    <message>
        <source>another daemon</source>
        <translation>ein anderer Dienst</translation>
    </message>
    <message>
        <source>{program} did not take the backup (status {status}).</source>
        <translation>{program} hat die Sicherung nicht angenommen (Status {status}).</translation>
    </message>
    <message>
        <source>{program} did not take the backup (status {status}): {output}</source>
        <translation>{program} hat die Sicherung nicht angenommen (Status {status}): {output}</translation>
    </message>
    <message>
        <source>{first}, {second}</source>
        <translation>{first}, {second}</translation>
    </message>
    <message>
        <source>{first} and {last}</source>
        <translation>{first} und {last}</translation>
    </message>
    <message>
        <source>{list} and {count} more</source>
        <translation>{list} und {count} weitere</translation>
    </message>
    <message>
        <source>{path} ({why})</source>
        <translation>{path} ({why})</translation>
    </message>
    <message>
        <source>The archive is damaged: expected a tar header.</source>
        <translation>Das Archiv ist beschädigt: Erwartet wird ein tar-Kopf.</translation>
    </message>
    <message>
        <source>The archive is damaged: expected a number.</source>
        <translation>Das Archiv ist beschädigt: Erwartet wird eine Zahl.</translation>
    </message>
    <message>
        <source>The archive is damaged: expected a pax record.</source>
        <translation>Das Archiv ist beschädigt: Erwartet wird ein pax-Eintrag.</translation>
    </message>
    <message>
        <source>The archive is damaged: {key} is not a number.</source>
        <translation>Das Archiv ist beschädigt: {key} ist keine Zahl.</translation>
    </message>
    <message>
        <source>The archive is damaged: a pax header has no end.</source>
        <translation>Das Archiv ist beschädigt: Ein pax-Kopf hat kein Ende.</translation>
    </message>
    <message>
        <source>A pax header gives a member of the backup another name.</source>
        <translation>Ein pax-Kopf gibt einem Eintrag der Sicherung einen anderen Namen.</translation>
    </message>
    <message>
        <source>hard link</source>
        <translation>harte Verknüpfung</translation>
    </message>
    <message>
        <source>symbolic link</source>
        <translation>symbolische Verknüpfung</translation>
    </message>
    <message>
        <source>device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>pipe</source>
        <translation>Pipe</translation>
    </message>
    <message>
        <source>member of an unknown kind</source>
        <translation>Eintrag unbekannter Art</translation>
    </message>
    <message>
        <source>The backup holds a {kind}, {name}.</source>
        <translation>Die Sicherung enthält etwas, das keine Datei ist ({kind}): {name}.</translation>
    </message>
    <message>
        <source>The backup holds {name}, which does not belong there.</source>
        <translation>Die Sicherung enthält {name}; das gehört nicht dorthin.</translation>
    </message>
    <message>
        <source>The member {name} has more than {most:MiB}.</source>
        <translation>Der Eintrag {name} hat mehr als {most:MiB}.</translation>
    </message>
    <message>
        <source>The backup ends in the middle of a member: it was cut off.</source>
        <translation>Die Sicherung endet mitten in einem Eintrag: Sie ist abgeschnitten.</translation>
    </message>
    <message>
        <source>There are unknown bytes between two members of the backup.</source>
        <translation>Zwischen zwei Einträgen der Sicherung steht etwas.</translation>
    </message>
    <message>
        <source>The end of the backup is missing.</source>
        <translation>Das Ende der Sicherung fehlt.</translation>
    </message>
    <message>
        <source>The bytes after {name} were changed.</source>
        <translation>Die Bytes nach {name} wurden verändert.</translation>
    </message>
    <message>
        <source>The bytes after a member were changed.</source>
        <translation>Die Bytes nach einem Eintrag wurden verändert.</translation>
    </message>
    <message>
        <source>The tar header of {name} was changed.</source>
        <translation>Der tar-Kopf von {name} wurde verändert.</translation>
    </message>
    <message>
        <source>The header of {name} was damaged; its content is whole.</source>
        <translation>Der Kopf von {name} war beschädigt; sein Inhalt ist unversehrt.</translation>
    </message>
    <message>
        <source>The header of a member after {name} is lost, and what follows is not a whole chunk.</source>
        <translation>Der Kopf eines Eintrags nach {name} ist verloren, und was folgt, ist kein ganzer Abschnitt.</translation>
    </message>
    <message>
        <source>The header of the first member is lost, and what follows is not a whole chunk.</source>
        <translation>Der Kopf des ersten Eintrags ist verloren, und was folgt, ist kein ganzer Abschnitt.</translation>
    </message>
    <message>
        <source>{what} (Met after {chunk}.)</source>
        <translation>{what} (Nach {chunk}.)</translation>
    </message>
    <message>
        <source>{what} (Met after {chunk}, of the qube {qube}.)</source>
        <translation>{what} (Nach {chunk}, vom Qube {qube}.)</translation>
    </message>
    <message>
        <source>{what} (Met at the beginning.)</source>
        <translation>{what} (Ganz am Anfang.)</translation>
    </message>
    <message>
        <source>This is not a backup, or its beginning is damaged: {name} is missing.</source>
        <translation>Das ist keine Sicherung, oder ihr Anfang ist beschädigt: {name} fehlt.</translation>
    </message>
    <message>
        <source>The beginning of the backup is damaged. {why}</source>
        <translation>Der Anfang der Sicherung ist beschädigt. {why}</translation>
    </message>
    <message>
        <source>The backup is cut off near its beginning.</source>
        <translation>Die Sicherung ist in ihrem Anfang abgeschnitten.</translation>
    </message>
    <message>
        <source>{name} has more than {most:KiB}.</source>
        <translation>{name} hat mehr als {most:KiB}.</translation>
    </message>
    <message>
        <source>The tar headers at the beginning of the backup were changed.</source>
        <translation>Die tar-Köpfe am Anfang der Sicherung wurden verändert.</translation>
    </message>
    <message>
        <source>{name} has more than {most:MiB}.</source>
        <translation>{name} hat mehr als {most:MiB}.</translation>
    </message>
    <message>
        <source>The header of the backup is broken.</source>
        <translation>Der Kopf der Sicherung ist fehlerhaft.</translation>
    </message>
    <message>
        <source>The header of the backup was changed.</source>
        <translation>Der Kopf der Sicherung wurde verändert.</translation>
    </message>
    <message>
        <source>The header of the backup was changed; its sealed copy is used.</source>
        <translation>Der Kopf der Sicherung wurde verändert; seine versiegelte Kopie wird verwendet.</translation>
    </message>
    <message>
        <source>The sealed header of the backup is damaged.</source>
        <translation>Der versiegelte Kopf der Sicherung ist beschädigt.</translation>
    </message>
    <message>
        <source>The backup is of version {version}; only version 4, of Qubes 4, can be read.</source>
        <translation>Die Sicherung hat die Version {version}; lesbar ist nur Version 4 von Qubes 4.</translation>
    </message>
    <message>
        <source>The backup is not sealed as backups of version 4 are.</source>
        <translation>Die Sicherung ist nicht so versiegelt wie Sicherungen der Version 4.</translation>
    </message>
    <message>
        <source>The backup is compressed with {method}, which cannot be read.</source>
        <translation>Die Sicherung ist mit {method} komprimiert und lässt sich nicht lesen.</translation>
    </message>
    <message>
        <source>The passphrase of a backup is one line of text, and not empty.</source>
        <translation>Die Passphrase einer Sicherung ist eine Zeile Text und nicht leer.</translation>
    </message>
    <message>
        <source>The passphrase is not the one of this backup.</source>
        <translation>Die Passphrase ist nicht die dieser Sicherung.</translation>
    </message>
    <message>
        <source>qubes.xml in the backup was changed, or is of another backup.</source>
        <translation>qubes.xml in der Sicherung wurde verändert oder ist aus einer anderen Sicherung.</translation>
    </message>
    <message>
        <source>{name} has more than {most} bytes.</source>
        <translation>{name} hat mehr als {most} Bytes.</translation>
    </message>
    <message>
        <source>{name} declares entities or a document type, which are not expanded.</source>
        <translation>{name} enthält Entitäten oder einen Dokumenttyp; die werden nicht aufgelöst.</translation>
    </message>
    <message>
        <source>{name} is not the XML that was expected: {why}.</source>
        <translation>{name} ist nicht das erwartete XML: {why}.</translation>
    </message>
    <message>
        <source>{name} is empty.</source>
        <translation>{name} ist leer.</translation>
    </message>
    <message>
        <source>The backup lists {count} qubes; at most {most} are read.</source>
        <translation>Die Sicherung nennt {count} Qubes; höchstens {most} werden gelesen.</translation>
    </message>
    <message>
        <source>qubes.xml does not hold the settings of dom0.</source>
        <translation>qubes.xml enthält die Einstellungen von dom0 nicht.</translation>
    </message>
    <message>
        <source>qubes.xml lists a qube {qube} of class {class}, which cannot be.</source>
        <translation>qubes.xml nennt einen unmöglichen Qube {qube} der Klasse {class}.</translation>
    </message>
    <message>
        <source>qubes.xml does not say which label {qube} has.</source>
        <translation>qubes.xml nennt das Label von {qube} nicht.</translation>
    </message>
    <message>
        <source>qubes.xml does not say where the data of {qube} are.</source>
        <translation>qubes.xml nennt nicht, wo die Daten von {qube} sind.</translation>
    </message>
    <message>
        <source>qubes.xml declares a label {label} that cannot be.</source>
        <translation>qubes.xml nennt ein unmögliches Label {label}.</translation>
    </message>
    <message>
        <source>qubes.xml lists the qube {qube} twice.</source>
        <translation>qubes.xml nennt den Qube {qube} zweimal.</translation>
    </message>
    <message>
        <source>qubes.xml lists the folder {folder} twice.</source>
        <translation>qubes.xml nennt den Ordner {folder} zweimal.</translation>
    </message>
    <message>
        <source>The label {label} of {qube} is not among the labels of the backup.</source>
        <translation>Das Label {label} von {qube} ist nicht unter den Labels der Sicherung.</translation>
    </message>
    <message>
        <source>Every backup contains the settings of dom0.</source>
        <translation>Jede Sicherung enthält die Einstellungen von dom0.</translation>
    </message>
    <message>
        <source>A backup cannot hold the text {text}: it has a character that XML does not allow.</source>
        <translation>Eine Sicherung kann den Text {text} nicht enthalten: Er hat ein Zeichen, das XML nicht erlaubt.</translation>
    </message>
    <message>
        <source>The configuration of dom0 is missing in the file.</source>
        <translation>Die Konfiguration von dom0 fehlt in der Datei.</translation>
    </message>
    <message>
        <source>The configuration of dom0 was changed, or is of another backup.</source>
        <translation>Die Konfiguration von dom0 wurde verändert oder ist aus einer anderen Sicherung.</translation>
    </message>
    <message>
        <source>The configuration of dom0 in the backup is broken.</source>
        <translation>Die Konfiguration von dom0 in der Sicherung ist fehlerhaft.</translation>
    </message>
    <message>
        <source>The configuration of dom0 cannot be read: {why}</source>
        <translation>Die Konfiguration von dom0 lässt sich nicht lesen: {why}</translation>
    </message>
    <message>
        <source>The configuration of dom0 is of version {version}, which is not known here.</source>
        <translation>Die Konfiguration von dom0 hat die Version {version}, die hier unbekannt ist.</translation>
    </message>
    <message>
        <source>The configuration of dom0 has more than {most:MiB}.</source>
        <translation>Die Konfiguration von dom0 hat mehr als {most:MiB}.</translation>
    </message>
    <message>
        <source>The manifest of the backup is broken.</source>
        <translation>Das Manifest der Sicherung ist fehlerhaft.</translation>
    </message>
    <message>
        <source>The manifest of the backup is of version {version}, which is not known here.</source>
        <translation>Das Manifest der Sicherung hat die Version {version}, die hier unbekannt ist.</translation>
    </message>
    <message>
        <source>The manifest at the end of the backup is missing: it is not whole.</source>
        <translation>Das Manifest am Ende der Sicherung fehlt: Sie ist nicht vollständig.</translation>
    </message>
    <message>
        <source>The manifest cannot be read: {why}</source>
        <translation>Das Manifest lässt sich nicht lesen: {why}</translation>
    </message>
    <message>
        <source>The manifest is not of this backup.</source>
        <translation>Das Manifest ist nicht das dieser Sicherung.</translation>
    </message>
    <message>
        <source>The backup holds {name} twice.</source>
        <translation>Die Sicherung enthält {name} zweimal.</translation>
    </message>
    <message>
        <source>The backup goes on after its manifest, with {chunk}.</source>
        <translation>Die Sicherung geht nach ihrem Manifest weiter, mit {chunk}.</translation>
    </message>
    <message>
        <source>The backup holds {chunk}, which belongs to no qube of it.</source>
        <translation>Die Sicherung enthält {chunk}; das gehört zu keinem ihrer Qubes.</translation>
    </message>
    <message>
        <source>{file} of {qube} is not in its place.</source>
        <translation>{file} von {qube} ist nicht an seinem Platz.</translation>
    </message>
    <message>
        <source>{file} of {qube} begins with chunk {number}; those before are missing.</source>
        <translation>{file} von {qube} beginnt mit Abschnitt {number}; die davor fehlen.</translation>
    </message>
    <message>
        <source>The chunk {chunk} of {qube} is there twice, or not in its place.</source>
        <translation>Der Abschnitt {chunk} von {qube} ist zweimal da oder nicht an seinem Platz.</translation>
    </message>
    <message>
        <source>The chunk {chunk} of {qube} is missing, or not in its place.</source>
        <translation>Der Abschnitt {chunk} von {qube} fehlt oder ist nicht an seinem Platz.</translation>
    </message>
    <message>
        <source>The chunk {chunk} cannot be read: {why}</source>
        <translation>Der Abschnitt {chunk} lässt sich nicht lesen: {why}</translation>
    </message>
    <message>
        <source>The content of the chunk {chunk} was changed.</source>
        <translation>Der Inhalt des Abschnitts {chunk} wurde verändert.</translation>
    </message>
    <message>
        <source>The chunk {chunk} was changed, or does not belong there.</source>
        <translation>Der Abschnitt {chunk} wurde verändert oder gehört nicht dorthin.</translation>
    </message>
    <message>
        <source>The chunk is not a sealed container.</source>
        <translation>Der Abschnitt ist kein versiegelter Behälter.</translation>
    </message>
    <message>
        <source>The chunk is not sealed like the others.</source>
        <translation>Der Abschnitt ist nicht versiegelt wie die anderen.</translation>
    </message>
    <message>
        <source>The chunk was cut off.</source>
        <translation>Der Abschnitt ist abgeschnitten.</translation>
    </message>
    <message>
        <source>The archive is damaged: expected a scrypt container.</source>
        <translation>Das Archiv ist beschädigt: Erwartet wird ein scrypt-Behälter.</translation>
    </message>
    <message>
        <source>The header of a scrypt container was changed.</source>
        <translation>Der Kopf eines scrypt-Behälters wurde verändert.</translation>
    </message>
    <message>
        <source>A scrypt container is cut off.</source>
        <translation>Ein scrypt-Behälter ist abgeschnitten.</translation>
    </message>
    <message>
        <source>The content of a scrypt container was changed.</source>
        <translation>Der Inhalt eines scrypt-Behälters wurde verändert.</translation>
    </message>
    <message>
        <source>The backup names parameters of key derivation that do not exist.</source>
        <translation>Die Sicherung nennt Parameter der Schlüsselableitung, die es nicht gibt.</translation>
    </message>
    <message>
        <source>The backup asks for {memory:MiB} of memory for one key derivation (N = 2^{log_n}); the limit is {most:MiB}.</source>
        <translation>Die Sicherung verlangt {memory:MiB} Speicher für eine Schlüsselableitung (N = 2^{log_n}); die Grenze ist {most:MiB}.</translation>
    </message>
    <message>
        <source>The backup asks for a key derivation of N = 2^{log_n}, r = {r}, p = {p}, which takes longer than is allowed.</source>
        <translation>Die Sicherung verlangt eine Schlüsselableitung mit N = 2^{log_n}, r = {r}, p = {p}; die dauert länger als erlaubt.</translation>
    </message>
    <message>
        <source>zstd needs the Python package zstandard, which is not installed.</source>
        <translation>zstd braucht das Python-Paket zstandard, das nicht installiert ist.</translation>
    </message>
    <message>
        <source>The compressed data are broken.</source>
        <translation>Die komprimierten Daten sind fehlerhaft.</translation>
    </message>
    <message>
        <source>A pax header of the inner archive is too long.</source>
        <translation>Ein innerer pax-Kopf ist zu lang.</translation>
    </message>
    <message>
        <source>The inner archive is not the one of {name}.</source>
        <translation>Das innere Archiv ist nicht das von {name}.</translation>
    </message>
    <message>
        <source>The inner archive has no file {name}.</source>
        <translation>Das innere Archiv enthält keine Datei {name}.</translation>
    </message>
    <message>
        <source>Unknown bytes follow the file in the inner archive.</source>
        <translation>Im inneren Archiv folgt etwas auf die Datei.</translation>
    </message>
    <message>
        <source>The inner archive has an unknown sparse format.</source>
        <translation>Das innere Archiv hat ein unbekanntes Format für Dateien mit Löchern.</translation>
    </message>
    <message>
        <source>The sparse map of the inner archive is broken.</source>
        <translation>Die Karte des inneren Archivs ist fehlerhaft.</translation>
    </message>
    <message>
        <source>The inner archive ends too early.</source>
        <translation>Das innere Archiv endet zu früh.</translation>
    </message>
    <message>
        <source>{name} holds more bytes than were announced, or are allowed for it.</source>
        <translation>{name} enthält mehr Bytes, als angekündigt oder erlaubt sind.</translation>
    </message>
    <message>
        <source>{file} of {qube}: {why}</source>
        <translation>{file} von {qube}: {why}</translation>
    </message>
    <message>
        <source>{file} of {qube} could not be written: {why}.</source>
        <translation>{file} von {qube} ließ sich nicht schreiben: {why}.</translation>
    </message>
    <message>
        <source>The file {file} of {qube} is missing.</source>
        <translation>Die Datei {file} von {qube} fehlt.</translation>
    </message>
    <message>
        <source>The file {file} of {qube} has {chunks} chunks, and {written} were written.</source>
        <translation>Die Datei {file} von {qube} hat {chunks} Abschnitte; geschrieben wurden {written}.</translation>
    </message>
    <message>
        <source>The file {file} of {qube} is not the one that was written.</source>
        <translation>Die Datei {file} von {qube} ist nicht die geschriebene.</translation>
    </message>
    <message>
        <source>The files of {qube} are not those that were written.</source>
        <translation>Die Dateien von {qube} sind nicht die geschriebenen.</translation>
    </message>
    <message>
        <source>The data of {qube} are missing.</source>
        <translation>Die Daten von {qube} fehlen.</translation>
    </message>
    <message>
        <source>Without the manifest it is unknown whether {qube} is whole.</source>
        <translation>Ohne das Manifest ist unbekannt, ob {qube} unversehrt ist.</translation>
    </message>
    <message>
        <source>The backup has no readable manifest, so a missing file could go unnoticed; read and whole: {files}.</source>
        <translation>Die Sicherung hat kein lesbares Manifest; eine fehlende Datei könnte unbemerkt bleiben. Gelesen und unversehrt: {files}.</translation>
    </message>
    <message>
        <source>What was restored of {qube} could not be removed: {why}</source>
        <translation>Was von {qube} wiederhergestellt war, ließ sich nicht entfernen: {why}</translation>
    </message>
    <message>
        <source>{file} holds more than {most} rules.</source>
        <translation>{file} enthält mehr als {most} Regeln.</translation>
    </message>
    <message>
        <source>{file} has the unknown version {version}.</source>
        <translation>{file} hat die unbekannte Version {version}.</translation>
    </message>
    <message>
        <source>{file} has the unknown policy {policy}.</source>
        <translation>{file} hat die unbekannte Richtlinie {policy}.</translation>
    </message>
    <message>
        <source>{file} has the unknown choice {option}={choice}.</source>
        <translation>{file} hat die unbekannte Wahl {option}={choice}.</translation>
    </message>
    <message>
        <source>Rule {number} of {file} cannot be read: {why}</source>
        <translation>Regel {number} von {file} lässt sich nicht lesen: {why}</translation>
    </message>
    <message>
        <source>{why} Its rules end there: everything else is dropped.</source>
        <translation>{why} Seine Regeln enden dort: Alles andere wird verworfen.</translation>
    </message>
    <message>
        <source>{file} is not text in UTF-8.</source>
        <translation>{file} ist kein UTF-8-Text.</translation>
    </message>
    <message>
        <source>{why} The notes are left out.</source>
        <translation>{why} Die Notizen sind ausgelassen.</translation>
    </message>
    <message>
        <source>The home {path} has more than {most} files, or names that are too long.</source>
        <translation>Das Home {path} hat mehr als {most} Dateien oder zu lange Namen.</translation>
    </message>
    <message>
        <source>The home {path} cannot be read: {why}.</source>
        <translation>Das Home {path} lässt sich nicht lesen: {why}.</translation>
    </message>
    <message>
        <source>The home was replaced while it was read.</source>
        <translation>Das Home wurde ersetzt, während es gelesen wurde.</translation>
    </message>
    <message>
        <source>Left out of the home of dom0: {paths}.</source>
        <translation>Ausgelassen aus dem Home von dom0: {paths}.</translation>
    </message>
    <message>
        <source>Changed in the home of dom0 while it was read: {paths}.</source>
        <translation>Geändert im Home von dom0, während es gelesen wurde: {paths}.</translation>
    </message>
    <message>
        <source>another file system</source>
        <translation>ein anderes Dateisystem</translation>
    </message>
    <message>
        <source>its path is too long</source>
        <translation>der Pfad ist zu lang</translation>
    </message>
    <message>
        <source>neither file, folder nor link</source>
        <translation>weder Datei noch Ordner noch Verknüpfung</translation>
    </message>
    <message>
        <source>its folder is gone</source>
        <translation>der Ordner ist verschwunden</translation>
    </message>
    <message>
        <source>it changed</source>
        <translation>hat sich geändert</translation>
    </message>
    <message>
        <source>it grew</source>
        <translation>ist gewachsen</translation>
    </message>
    <message>
        <source>it is of another kind now</source>
        <translation>ist jetzt von anderer Art</translation>
    </message>
    <message>
        <source>a link without a valid target</source>
        <translation>eine Verknüpfung ohne gültiges Ziel</translation>
    </message>
    <message>
        <source>a hard link to something that is not a file of the home</source>
        <translation>eine harte Verknüpfung zu etwas, das keine Datei des Homes ist</translation>
    </message>
    <message>
        <source>The inner archive has no folder {folder}.</source>
        <translation>Das innere Archiv enthält keinen Ordner {folder}.</translation>
    </message>
    <message>
        <source>{path} in the home of dom0 is of a kind that is not known.</source>
        <translation>{path} im Home von dom0 ist von unbekannter Art.</translation>
    </message>
    <message>
        <source>{path} in the backup is outside of the home of dom0.</source>
        <translation>{path} in der Sicherung ist außerhalb des Homes von dom0.</translation>
    </message>
    <message>
        <source>The home of dom0 in the backup has the path {path}, which cannot be.</source>
        <translation>Das Home von dom0 in der Sicherung hat den unmöglichen Pfad {path}.</translation>
    </message>
    <message>
        <source>The home of dom0 in the backup has a path that is too long.</source>
        <translation>Das Home von dom0 in der Sicherung hat einen zu langen Pfad.</translation>
    </message>
    <message>
        <source>The home of dom0 in the backup holds {path} twice.</source>
        <translation>Das Home von dom0 in der Sicherung enthält {path} zweimal.</translation>
    </message>
    <message>
        <source>The home of dom0 in the backup is not a folder.</source>
        <translation>Das Home von dom0 in der Sicherung ist kein Ordner.</translation>
    </message>
    <message>
        <source>{path} in the home of dom0 is in no folder of the backup.</source>
        <translation>{path} im Home von dom0 ist in keinem Ordner der Sicherung.</translation>
    </message>
    <message>
        <source>The home of dom0 in the backup has more than {most} files.</source>
        <translation>Das Home von dom0 in der Sicherung hat mehr als {most} Dateien.</translation>
    </message>
    <message>
        <source>A header inside the home of dom0 is too long.</source>
        <translation>Ein Kopf im Home von dom0 ist zu lang.</translation>
    </message>
    <message>
        <source>The backup holds two homes of dom0.</source>
        <translation>Die Sicherung enthält zwei Homes von dom0.</translation>
    </message>
    <message>
        <source>The home of dom0 is damaged: {why} Its first {entries} files, folders and links are whole, up to {last}; what follows is lost.</source>
        <translation>Das Home von dom0 ist beschädigt: {why} Seine ersten {entries} Dateien, Ordner und Verknüpfungen sind unversehrt, bis {last}; was folgt, ist verloren.</translation>
    </message>
    <message>
        <source>{file} of {qube} could not be read: {why}</source>
        <translation>{file} von {qube} ließ sich nicht lesen: {why}</translation>
    </message>
    <message>
        <source>Left out of {qube} in the backup are properties (not printable ASCII): {names}.</source>
        <translation>Von {qube} sind in der Sicherung Eigenschaften ausgelassen (kein druckbares ASCII): {names}.</translation>
    </message>
    <message>
        <source>Left out of {qube} in the backup are features (not printable ASCII): {names}.</source>
        <translation>Von {qube} sind in der Sicherung Features ausgelassen (kein druckbares ASCII): {names}.</translation>
    </message>
    <message>
        <source>Left out of {qube} in the backup are devices (not printable ASCII): {names}.</source>
        <translation>Von {qube} sind in der Sicherung Geräte ausgelassen (kein druckbares ASCII): {names}.</translation>
    </message>
    <message>
        <source>Left out of {qube} in the backup are tags (the restore tool of Qubes OS takes no such name): {names}.</source>
        <translation>Von {qube} sind in der Sicherung Tags ausgelassen (das Wiederherstellungsprogramm von Qubes OS nimmt solche Namen nicht): {names}.</translation>
    </message>
    <message>
        <source>Left out of the system in the backup are properties (not printable ASCII): {names}.</source>
        <translation>Vom System sind in der Sicherung Eigenschaften ausgelassen (kein druckbares ASCII): {names}.</translation>
    </message>
    <message>
        <source>qube name</source>
        <translation>Qube-Name</translation>
    </message>
    <message>
        <source>property name</source>
        <translation>Name einer Eigenschaft</translation>
    </message>
    <message>
        <source>feature name</source>
        <translation>Name eines Features</translation>
    </message>
    <message>
        <source>tag of Qubes OS</source>
        <translation>Tag von Qubes OS</translation>
    </message>
    <message>
        <source>tag</source>
        <translation>Tag</translation>
    </message>
    <message>
        <source>label</source>
        <translation>Label</translation>
    </message>
    <message>
        <source>pool name</source>
        <translation>Pool-Name</translation>
    </message>
    <message>
        <source>profile id</source>
        <translation>Profil-ID</translation>
    </message>
    <message>
        <source>volume name</source>
        <translation>Name eines Datenträgers</translation>
    </message>
    <message>
        <source>volume id</source>
        <translation>Datenträger-ID</translation>
    </message>
    <message>
        <source>snapshot id</source>
        <translation>Schnappschuss-ID</translation>
    </message>
    <message>
        <source>rule id</source>
        <translation>Regel-ID</translation>
    </message>
    <message>
        <source>device id</source>
        <translation>Geräte-ID</translation>
    </message>
    <message>
        <source>interface of a device</source>
        <translation>Schnittstelle eines Geräts</translation>
    </message>
    <message>
        <source>identity of a device</source>
        <translation>Identität eines Geräts</translation>
    </message>
    <message>
        <source>log name</source>
        <translation>Name eines Protokolls</translation>
    </message>
    <message>
        <source>policy file name</source>
        <translation>Name einer Richtliniendatei</translation>
    </message>
    <message>
        <source>class name</source>
        <translation>Name einer Klasse</translation>
    </message>
    <message>
        <source>argument</source>
        <translation>Argument</translation>
    </message>
    <message>
        <source>answer</source>
        <translation>Antwort</translation>
    </message>
    <message>
        <source>number</source>
        <translation>Zahl</translation>
    </message>
    <message>
        <source>payload</source>
        <translation>Inhalt des Aufrufs</translation>
    </message>
    <message>
        <source>position</source>
        <translation>Position</translation>
    </message>
    <message>
        <source>profile</source>
        <translation>Profil</translation>
    </message>
    <message>
        <source>size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>text</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>What was given</source>
        <translation>Die Eingabe</translation>
    </message>
    <message>
        <source>What {qube} gave</source>
        <translation>Die Antwort von {qube}</translation>
    </message>
    <message>
        <source>The first line of {path}</source>
        <translation>Die erste Zeile von {path}</translation>
    </message>
    <message>
        <source>Not a valid {what}: {value}</source>
        <translation>Nicht gültig als {what}: {value}</translation>
    </message>
    <message>
        <source>The {what} is not UTF-8.</source>
        <translation>{what}: kein UTF-8.</translation>
    </message>
    <message>
        <source>The {what} holds a NUL character.</source>
        <translation>{what}: enthält ein NUL-Zeichen.</translation>
    </message>
    <message>
        <source>The {what} holds something other than printable ASCII: {value}</source>
        <translation>{what}: enthält etwas anderes als druckbares ASCII: {value}</translation>
    </message>
    <message>
        <source>The {what} holds something that is not key=value: {word}</source>
        <translation>{what}: enthält etwas, das nicht key=value ist: {word}</translation>
    </message>
    <message>
        <source>The {what} names {key} twice.</source>
        <translation>{what}: nennt {key} zweimal.</translation>
    </message>
    <message>
        <source>Nothing is expected here: {value}</source>
        <translation>Hier wird nichts erwartet: {value}</translation>
    </message>
    <message>
        <source>Not an escaped argument: {value}</source>
        <translation>Kein maskiertes Argument: {value}</translation>
    </message>
    <message>
        <source>Not a pool:vid pair: {value}</source>
        <translation>Kein Paar pool:vid: {value}</translation>
    </message>
    <message>
        <source>Not a &lt;backend&gt;+&lt;ident&gt; pair: {value}</source>
        <translation>Kein Paar &lt;backend&gt;+&lt;ident&gt;: {value}</translation>
    </message>
    <message>
        <source>The payload does not say {keys}.</source>
        <translation>Im Inhalt des Aufrufs fehlt {keys}.</translation>
    </message>
    <message>
        <source>The payload names something unknown: {keys}</source>
        <translation>Der Inhalt des Aufrufs nennt etwas Unbekanntes: {keys}</translation>
    </message>
    <message>
        <source>The payload says either pool=&lt;pool&gt; or pool:&lt;volume&gt;=&lt;pool&gt;, and not both.</source>
        <translation>Der Inhalt des Aufrufs nennt entweder pool=&lt;pool&gt; oder pool:&lt;volume&gt;=&lt;pool&gt;, nicht beides.</translation>
    </message>
    <message>
        <source>The first line is the token, the content follows it.</source>
        <translation>Die erste Zeile ist das Token, der Inhalt folgt darauf.</translation>
    </message>
    <message>
        <source>Not the value of a property: {value}</source>
        <translation>Nicht der Wert einer Eigenschaft: {value}</translation>
    </message>
    <message>
        <source>Not a state: {value}</source>
        <translation>Kein Zustand: {value}</translation>
    </message>
    <message>
        <source>Neither 0 nor 1: {value}</source>
        <translation>Weder 0 noch 1: {value}</translation>
    </message>
    <message>
        <source>Not possible in a request: {word}</source>
        <translation>In einer Anfrage nicht möglich: {word}</translation>
    </message>
    <message>
        <source>The request header is not ASCII.</source>
        <translation>Der Kopf der Anfrage ist kein ASCII.</translation>
    </message>
    <message>
        <source>The request header does not have four words.</source>
        <translation>Der Kopf der Anfrage hat nicht vier Wörter.</translation>
    </message>
    <message>
        <source>The target of the request header is neither a name nor a keyword.</source>
        <translation>Das Ziel im Kopf der Anfrage ist weder ein Name noch ein Schlüsselwort.</translation>
    </message>
    <message>
        <source>The request header is too long.</source>
        <translation>Der Kopf der Anfrage ist zu lang.</translation>
    </message>
    <message>
        <source>The request header did not arrive.</source>
        <translation>Der Kopf der Anfrage kam nicht an.</translation>
    </message>
    <message>
        <source>There is no such destination: {target}</source>
        <translation>Ein solches Ziel gibt es nicht: {target}</translation>
    </message>
    <message>
        <source>Unknown call: {call}</source>
        <translation>Unbekannter Aufruf: {call}</translation>
    </message>
    <message>
        <source>{call} is not available here.</source>
        <translation>{call} ist hier nicht verfügbar.</translation>
    </message>
    <message>
        <source>{call} is sent to dom0, not to {qube}.</source>
        <translation>{call} geht an dom0, nicht an {qube}.</translation>
    </message>
    <message>
        <source>The argument of {call} is longer than {most} bytes.</source>
        <translation>Das Argument von {call} ist länger als {most} Bytes.</translation>
    </message>
    <message>
        <source>{call} needs an argument: {what}.</source>
        <translation>{call} braucht ein Argument: {what}.</translation>
    </message>
    <message>
        <source>{call} takes no argument: {argument}</source>
        <translation>{call} nimmt kein Argument: {argument}</translation>
    </message>
    <message>
        <source>{call} takes no payload.</source>
        <translation>{call} nimmt keinen Inhalt.</translation>
    </message>
    <message>
        <source>The payload of {call} is longer than {most} bytes.</source>
        <translation>Der Inhalt von {call} ist länger als {most} Bytes.</translation>
    </message>
    <message>
        <source>{call} needs a payload: {what}.</source>
        <translation>{call} braucht einen Inhalt: {what}.</translation>
    </message>
    <message>
        <source>No further part of the payload arrived for {seconds} seconds.</source>
        <translation>{seconds} Sekunden lang kam nichts mehr vom Inhalt des Aufrufs.</translation>
    </message>
    <message>
        <source>The connection broke before the end of the payload.</source>
        <translation>Die Verbindung ist mitten im Inhalt des Aufrufs abgebrochen.</translation>
    </message>
    <message>
        <source>The caller disconnected before the end of the payload.</source>
        <translation>Der Aufrufer ist mitten im Inhalt des Aufrufs verschwunden.</translation>
    </message>
    <message>
        <source>User {user} may not use this socket.</source>
        <translation>Benutzer {user} darf diesen Socket nicht verwenden.</translation>
    </message>
    <message>
        <source>{qube} has {count} calls in progress; try again later.</source>
        <translation>{qube} hat {count} laufende Aufrufe; versuchen Sie es später noch einmal.</translation>
    </message>
    <message>
        <source>Too many calls are in progress; try again later.</source>
        <translation>Zu viele Aufrufe laufen; versuchen Sie es später noch einmal.</translation>
    </message>
    <message>
        <source>The answer is empty.</source>
        <translation>Die Antwort ist leer.</translation>
    </message>
    <message>
        <source>The answer starts with unknown bytes: {bytes}</source>
        <translation>Die Antwort beginnt mit unbekannten Bytes: {bytes}</translation>
    </message>
    <message>
        <source>The answer holds an exception that does not decode.</source>
        <translation>Die Antwort enthält eine Ausnahme, die sich nicht lesen lässt.</translation>
    </message>
    <message>
        <source>A row of the answer does not decode: {row}</source>
        <translation>Eine Zeile der Antwort lässt sich nicht lesen: {row}</translation>
    </message>
    <message>
        <source>The last row of the answer is not complete.</source>
        <translation>Die letzte Zeile der Antwort ist unvollständig.</translation>
    </message>
    <message>
        <source>A row of the answer is longer than {most:MiB}.</source>
        <translation>Eine Zeile der Antwort ist länger als {most:MiB}.</translation>
    </message>
    <message>
        <source>The answer to {call} is longer than 64 MiB.</source>
        <translation>Die Antwort auf {call} ist länger als 64 MiB.</translation>
    </message>
    <message>
        <source>The answer names a qube twice.</source>
        <translation>Die Antwort nennt einen Qube zweimal.</translation>
    </message>
    <message>
        <source>The event stream holds unknown bytes: {bytes}</source>
        <translation>Der Ereignisstrom enthält unbekannte Bytes: {bytes}</translation>
    </message>
    <message>
        <source>The event stream ended inside an event.</source>
        <translation>Der Ereignisstrom endete mitten in einem Ereignis.</translation>
    </message>
    <message>
        <source>An event is longer than 1 MiB.</source>
        <translation>Ein Ereignis ist länger als 1 MiB.</translation>
    </message>
    <message>
        <source>An event is not UTF-8.</source>
        <translation>Ein Ereignis ist kein UTF-8.</translation>
    </message>
    <message>
        <source>The event {event} of {subject} does not decode.</source>
        <translation>Das Ereignis {event} von {subject} lässt sich nicht lesen.</translation>
    </message>
    <message>
        <source>The event domain-add brings the record of another qube.</source>
        <translation>Das Ereignis domain-add bringt den Datensatz eines anderen Qubes.</translation>
    </message>
    <message>
        <source>Not one event: {value}</source>
        <translation>Nicht genau ein Ereignis: {value}</translation>
    </message>
    <message>
        <source>The record of a qube does not decode.</source>
        <translation>Der Datensatz eines Qubes lässt sich nicht lesen.</translation>
    </message>
    <message>
        <source>Not a run of a profile: {value}</source>
        <translation>Kein Lauf eines Profils: {value}</translation>
    </message>
    <message>
        <source>A run of a profile without its start or result: {value}</source>
        <translation>Ein Lauf eines Profils ohne Beginn oder Ergebnis: {value}</translation>
    </message>
    <message>
        <source>A run of a backup profile has a wrong value of {key}.</source>
        <translation>Ein Lauf eines Sicherungsprofils hat einen falschen Wert von {key}.</translation>
    </message>
    <message>
        <source>Not a file with qubes: {value}</source>
        <translation>Keine Datei mit Qubes: {value}</translation>
    </message>
    <message>
        <source>Not a key and a value: {value}</source>
        <translation>Kein Schlüssel mit Wert: {value}</translation>
    </message>
    <message>
        <source>{key} is a number, not {value}.</source>
        <translation>{key} ist eine Zahl, nicht {value}.</translation>
    </message>
    <message>
        <source>Not the size of the home of dom0: {value}</source>
        <translation>Nicht die Größe des Homes von dom0: {value}</translation>
    </message>
    <message>
        <source>Not a part of the configuration of dom0: {value}</source>
        <translation>Kein Teil der Konfiguration von dom0: {value}</translation>
    </message>
    <message>
        <source>Not a qube and its size: {value}</source>
        <translation>Kein Qube mit seiner Größe: {value}</translation>
    </message>
    <message>
        <source>Not the result of a restored qube: {value}</source>
        <translation>Nicht das Ergebnis eines wiederhergestellten Qubes: {value}</translation>
    </message>
    <message>
        <source>A passphrase is one line.</source>
        <translation>Eine Passphrase ist eine Zeile.</translation>
    </message>
    <message>
        <source>A rule has one destination: dst4, dst6 or dsthost.</source>
        <translation>Eine Regel hat ein Ziel: dst4, dst6 oder dsthost.</translation>
    </message>
    <message>
        <source>dstports needs proto=tcp or proto=udp.</source>
        <translation>dstports braucht proto=tcp oder proto=udp.</translation>
    </message>
    <message>
        <source>icmptype needs proto=icmp.</source>
        <translation>icmptype braucht proto=icmp.</translation>
    </message>
    <message>
        <source>specialtarget=dns goes over tcp and udp, never over icmp.</source>
        <translation>specialtarget=dns geht über tcp und udp, nie über icmp.</translation>
    </message>
    <message>
        <source>{option}={value} is not in its canonical form.</source>
        <translation>{option}={value} ist nicht in seiner Normalform.</translation>
    </message>
    <message>
        <source>One space separates two options; there is none before the first.</source>
        <translation>Ein Leerzeichen trennt zwei Optionen; vor der ersten steht keines.</translation>
    </message>
    <message>
        <source>{word} is not an option of the form name=value.</source>
        <translation>{word} ist keine Option der Form name=value.</translation>
    </message>
    <message>
        <source>The option {option} is there twice.</source>
        <translation>Die Option {option} ist zweimal da.</translation>
    </message>
    <message>
        <source>A space ends the rule.</source>
        <translation>Am Ende der Regel steht ein Leerzeichen.</translation>
    </message>
    <message>
        <source>The rule is empty; it has at least action=accept or action=drop.</source>
        <translation>Die Regel ist leer; sie hat mindestens action=accept oder action=drop.</translation>
    </message>
    <message>
        <source>There is no firewall option {option}; there are {options}.</source>
        <translation>Es gibt keine Firewall-Option {option}; es gibt {options}.</translation>
    </message>
    <message>
        <source>The rule has neither action=accept nor action=drop.</source>
        <translation>Die Regel hat weder action=accept noch action=drop.</translation>
    </message>
    <message>
        <source>A rule has at most {most} bytes.</source>
        <translation>Eine Regel hat höchstens {most} Bytes.</translation>
    </message>
    <message>
        <source>The rule is not ASCII text.</source>
        <translation>Die Regel ist kein ASCII-Text.</translation>
    </message>
    <message>
        <source>{option} is a number from 0 to {most}, not {value}.</source>
        <translation>{option} ist eine Zahl von 0 bis {most}, nicht {value}.</translation>
    </message>
    <message>
        <source>{option} is a network such as {example}, not {value}.</source>
        <translation>{option} ist ein Netz wie {example}, nicht {value}.</translation>
    </message>
    <message>
        <source>dsthost is a host name such as www.example.com, not {value}.</source>
        <translation>dsthost ist ein Rechnername wie www.example.com, nicht {value}.</translation>
    </message>
    <message>
        <source>dsthost is a host name, an address or a network; {value} is neither.</source>
        <translation>dsthost ist ein Rechnername, eine Adresse oder ein Netz; {value} ist nichts davon.</translation>
    </message>
    <message>
        <source>dstports goes from the lower port to the higher, not {value}.</source>
        <translation>dstports geht vom kleineren zum größeren Port, nicht {value}.</translation>
    </message>
    <message>
        <source>A comment is one line of printable ASCII.</source>
        <translation>Ein Kommentar ist eine Zeile druckbares ASCII.</translation>
    </message>
    <message>
        <source>A comment has at most {most} characters.</source>
        <translation>Ein Kommentar hat höchstens {most} Zeichen.</translation>
    </message>
    <message>
        <source>Line {number}: {why}</source>
        <translation>Zeile {number}: {why}</translation>
    </message>
    <message>
        <source>Line {number}: there are more than {most} rules.</source>
        <translation>Zeile {number}: Es sind mehr als {most} Regeln.</translation>
    </message>
    <message>
        <source>The policy folder {path} cannot be read: {why}.</source>
        <translation>Der Richtlinienordner {path} lässt sich nicht lesen: {why}.</translation>
    </message>
    <message>
        <source>{path} cannot be kept for the daemon alone: {why}.</source>
        <translation>{path} lässt sich nicht für den Dienst allein behalten: {why}.</translation>
    </message>
    <message>
        <source>Another daemon keeps its state in {path}.</source>
        <translation>Ein anderer Dienst hat seinen Zustand in {path}.</translation>
    </message>
    <message>
        <source>The text of the profile cannot be edited; change the name by hand.</source>
        <translation>Der Text des Profils lässt sich nicht bearbeiten; ändern Sie den Namen von Hand.</translation>
    </message>
    <message>
        <source>The backup was cancelled.</source>
        <translation>Die Sicherung wurde abgebrochen.</translation>
    </message>
    <message>
        <source>The profile {profile} has never been carried out.</source>
        <translation>Das Profil {profile} wurde noch nie ausgeführt.</translation>
    </message>
    <message>
        <source>The answer does not say what the profile would do.</source>
        <translation>Die Antwort sagt nicht, was das Profil täte.</translation>
    </message>
    <message>
        <source>The answer does not say what is in the backup.</source>
        <translation>Die Antwort sagt nicht, was in der Sicherung ist.</translation>
    </message>
    <message>
        <source>The file {path} cannot be read: {why}.</source>
        <translation>Die Datei {path} lässt sich nicht lesen: {why}.</translation>
    </message>
    <message>
        <source>Not assigned again, because it was not asked for (devices=yes): {devices}.</source>
        <translation>Nicht wieder zugewiesen, weil es nicht gewünscht war (devices=yes): {devices}.</translation>
    </message>
    <message>
        <source>The backup profile is not YAML.</source>
        <translation>Das Sicherungsprofil ist kein YAML.</translation>
    </message>
    <message>
        <source>The backup profile is not YAML in line {line}.</source>
        <translation>Das Sicherungsprofil ist in Zeile {line} kein YAML.</translation>
    </message>
    <message>
        <source>{key} is the name of a qube.</source>
        <translation>{key} ist der Name eines Qubes.</translation>
    </message>
    <message>
        <source>{key} is the name of a qube, not {value}.</source>
        <translation>{key} ist der Name eines Qubes, nicht {value}.</translation>
    </message>
    <message>
        <source>{key} is an absolute path.</source>
        <translation>{key} ist ein absoluter Pfad.</translation>
    </message>
    <message>
        <source>{key} is an absolute path, not {value}.</source>
        <translation>{key} ist ein absoluter Pfad, nicht {value}.</translation>
    </message>
    <message>
        <source>{qube} is on another machine; nothing of it runs here.</source>
        <translation>{qube} ist auf einem anderen Rechner; hier läuft nichts von ihm.</translation>
    </message>
    <message>
        <source>The feature {feature} is set by the system alone.</source>
        <translation>Das Feature {feature} setzt nur das System.</translation>
    </message>
    <message>
        <source>{feature} is a number from 0 to {most}.</source>
        <translation>{feature} ist eine Zahl von 0 bis {most}.</translation>
    </message>
    <message>
        <source>There is no free name for a disposable.</source>
        <translation>Für einen Wegwerf-Qube ist kein Name frei.</translation>
    </message>
    <message>
        <source>{qube} cannot be its own relay.</source>
        <translation>{qube} kann nicht sein eigener Vermittler sein.</translation>
    </message>
    <message>
        <source>The relay {relay} is on another machine itself.</source>
        <translation>Der Vermittler {relay} ist selbst auf einem anderen Rechner.</translation>
    </message>
    <message>
        <source>A remote qube has no template.</source>
        <translation>Ein entfernter Qube entsteht aus nichts: Er hat keine Vorlage.</translation>
    </message>
    <message>
        <source>There is no answer from qubesd to {call}; the call may have been carried out.</source>
        <translation>qubesd antwortet nicht auf {call}; vielleicht wurde der Aufruf ausgeführt.</translation>
    </message>
    <message>
        <source>The policy does not allow this qube {call} on {qube}.</source>
        <translation>Die Richtlinie erlaubt diesem Qube {call} bei {qube} nicht.</translation>
    </message>
    <message>
        <source>While qubesd answers, this daemon takes calls of dom0 only.</source>
        <translation>Solange qubesd antwortet, nimmt dieser Dienst nur Aufrufe von dom0 an.</translation>
    </message>
    <message>
        <source>Qubes OS has no call for {call}. {instead}</source>
        <translation>Qubes OS hat keinen Aufruf für {call}. {instead}</translation>
    </message>
    <message>
        <source>Qubes OS keeps the state of a volume when its qube halts.</source>
        <translation>Qubes OS behält den Stand eines Datenträgers, wenn sein Qube ausgeht.</translation>
    </message>
    <message>
        <source>Attach a block device instead.</source>
        <translation>Verbinden Sie stattdessen ein Blockgerät.</translation>
    </message>
    <message>
        <source>Remove the volume in dom0 with the tools of its storage.</source>
        <translation>Entfernen Sie den Datenträger in dom0 mit den Werkzeugen seines Speichers.</translation>
    </message>
    <message>
        <source>The logs of the qubes are in /var/log/xen/console of dom0.</source>
        <translation>Die Protokolle der Qubes sind in /var/log/xen/console von dom0.</translation>
    </message>
    <message>
        <source>The policy is in /etc/qubes/policy.d of dom0, the backup profiles are in /etc/qubes/backup.</source>
        <translation>Die Richtlinie ist in /etc/qubes/policy.d von dom0, die Sicherungsprofile sind in /etc/qubes/backup.</translation>
    </message>
    <message>
        <source>Use qvm-backup in dom0.</source>
        <translation>Nehmen Sie qvm-backup in dom0.</translation>
    </message>
    <message>
        <source>The policy is in /etc/qubes/policy.d of dom0.</source>
        <translation>Die Richtlinie ist in /etc/qubes/policy.d von dom0.</translation>
    </message>
    <message>
        <source>Set default_kernel instead of resetting it.</source>
        <translation>Setzen Sie default_kernel, statt es zurückzusetzen.</translation>
    </message>
    <message>
        <source>The passphrase of a backup is in its profile, in /etc/qubes/backup of dom0.</source>
        <translation>Die Passphrase einer Sicherung ist in ihrem Profil, in /etc/qubes/backup von dom0.</translation>
    </message>
    <message>
        <source>Qubes OS takes printable ASCII only: {value}</source>
        <translation>Qubes OS nimmt nur druckbares ASCII: {value}</translation>
    </message>
    <message>
        <source>{property} cannot be changed in Qubes OS.</source>
        <translation>{property} lässt sich in Qubes OS nicht ändern.</translation>
    </message>
    <message>
        <source>Qubes OS takes notes of at most {most} bytes.</source>
        <translation>Qubes OS nimmt Notizen von höchstens {most} Bytes.</translation>
    </message>
    <message>
        <source>{qube} is still used: {uses}</source>
        <translation>{qube} wird noch benutzt: {uses}</translation>
    </message>
    <message>
        <source>A device in Qubes OS has no option {option}.</source>
        <translation>Ein Gerät in Qubes OS hat keine Option {option}.</translation>
    </message>
    <message>
        <source>Run xl info in dom0.</source>
        <translation>Führen Sie in dom0 xl info aus.</translation>
    </message>
    <message>
        <source>The configuration has no file {name}.</source>
        <translation>Die Konfiguration hat keine Datei {name}.</translation>
    </message>
    <message>
        <source>{path} exists and cannot be used; mend or remove it first.</source>
        <translation>{path} gibt es, und sie ist nicht brauchbar; berichtigen oder entfernen Sie sie zuerst.</translation>
    </message>
    <message>
        <source>This change cannot be reverted.</source>
        <translation>Diese Änderung lässt sich nicht zurücknehmen.</translation>
    </message>
    <message>
        <source>The history has only the beginning of the value.</source>
        <translation>Der Verlauf enthält nur den Anfang des Wertes.</translation>
    </message>
    <message>
        <source>{qube} was created, but {what} was refused: {reason} So it was removed again.</source>
        <translation>{qube} wurde angelegt, aber {what} wurde abgelehnt: {reason} Deshalb wurde er wieder entfernt.</translation>
    </message>
    <message>
        <source>{qube} could not be removed again: {reason}</source>
        <translation>{qube} ließ sich nicht wieder entfernen: {reason}</translation>
    </message>
    <message>
        <source>{backend}+{device} can only be attached with read-only=yes.</source>
        <translation>{backend}+{device} lässt sich nur mit read-only=yes verbinden.</translation>
    </message>
    <message>
        <source>The option of a pool is revisions_to_keep=&lt;number&gt;, at least -1 and at most {most}.</source>
        <translation>Die Option eines Pools ist revisions_to_keep=&lt;Zahl&gt;, mindestens -1 und höchstens {most}.</translation>
    </message>
    <message>
        <source>{qube} has no serial console.</source>
        <translation>{qube} hat keine serielle Konsole.</translation>
    </message>
    <message>
        <source>The payload cannot be kept in {folder}: {why}</source>
        <translation>Der Inhalt des Aufrufs lässt sich nicht in {folder} aufbewahren: {why}</translation>
    </message>
    <message>
        <source>qubesd keeps no history of changes; the journal of dom0 has its log: journalctl -u qubesd.</source>
        <translation>qubesd führt keinen Verlauf der Änderungen; sein Protokoll steht im Journal von dom0: journalctl -u qubesd.</translation>
    </message>
    <message>
        <source>Restore the home and the configuration of dom0 with qvm-backup-restore there.</source>
        <translation>Stellen Sie Home und Konfiguration von dom0 dort mit qvm-backup-restore wieder her.</translation>
    </message>
    <message>
        <source>Qubes OS takes letters, digits, blanks and : ; , . / _ [ ] - in the comment of a rule: {comment}</source>
        <translation>Qubes OS nimmt im Kommentar einer Regel nur Buchstaben, Ziffern, Leerzeichen und : ; , . / _ [ ] - an: {comment}</translation>
    </message>
    <message>
        <source>Qubes OS takes rules of at most {most} bytes together.</source>
        <translation>Qubes OS nimmt Regeln von zusammen höchstens {most} Bytes an.</translation>
    </message>
    <message>
        <source>The new qube {qube} remains, because it cannot be removed. {why} {left}</source>
        <translation>Der neue Qube {qube} bleibt, weil er sich nicht entfernen lässt. {why} {left}</translation>
    </message>
    <message>
        <source>{qube} is the template of qubes that run: {running}. Shut them down first.</source>
        <translation>{qube} ist die Vorlage laufender Qubes: {running}. Fahren Sie diese zuerst herunter.</translation>
    </message>
    <message>
        <source>{old} was cloned, and both qubes are kept. Changed to {new}: {changed}. Not changed: {unchanged}. {why}</source>
        <translation>{old} wurde geklont, und beide Qubes bleiben. Auf {new} geändert: {changed}. Nicht geändert: {unchanged}. {why}</translation>
    </message>
    <message>
        <source>A rule has one destination. Add a rule for each of {value}.</source>
        <translation>Eine Regel hat ein einziges Ziel. Fügen Sie je eine Regel hinzu für {value}.</translation>
    </message>
    <message>
        <source>Write only the name of the host, not an address of a page: {value}.</source>
        <translation>Geben Sie nur den Namen des Hosts an, nicht die Adresse einer Seite: {value}.</translation>
    </message>
    <message>
        <source>A firewall knows no wildcards. Add a rule for each host, or for their network, instead of {value}.</source>
        <translation>Eine Firewall kennt keine Platzhalter. Fügen Sie statt {value} je eine Regel für jeden Host oder eine für deren Netz hinzu.</translation>
    </message>
    <message>
        <source>{value} is not a network such as 10.0.0.0/8.</source>
        <translation>{value} ist kein Netz wie 10.0.0.0/8.</translation>
    </message>
    <message>
        <source>{value} is not an address such as 10.0.0.1.</source>
        <translation>{value} ist keine Adresse wie 10.0.0.1.</translation>
    </message>
    <message>
        <source>{value} is an address within the network {network}. Write the network, or the address alone.</source>
        <translation>{value} ist eine Adresse im Netz {network}. Geben Sie das Netz an oder die Adresse allein.</translation>
    </message>
    <message>
        <source>An ICMP type is a number from 0 to {most}, not {value}.</source>
        <translation>Ein ICMP-Typ ist eine Zahl von 0 bis {most}, nicht {value}.</translation>
    </message>
    <message>
        <source>Choose TCP or UDP: other protocols have no ports.</source>
        <translation>Wählen Sie TCP oder UDP: Andere Protokolle haben keine Ports.</translation>
    </message>
    <message>
        <source>A range goes from the lower port to the higher, not {value}.</source>
        <translation>Ein Bereich geht vom niedrigeren Port zum höheren, nicht {value}.</translation>
    </message>
    <message>
        <source>A port is a number from 0 to {most} or the name of a service such as https, not {value}.</source>
        <translation>Ein Port ist eine Zahl von 0 bis {most} oder der Name eines Dienstes wie https, nicht {value}.</translation>
    </message>
    <message>
        <source>{netvm} is halted, and is started first.</source>
        <translation>{netvm} ist aus und wird zuerst gestartet.</translation>
    </message>
    <message>
        <source>It was changed again after that.</source>
        <translation>Danach wurde es noch einmal geändert.</translation>
    </message>
    <message>
        <source>A line of the policy is about the tag {tag}, so only dom0 sets and removes it.</source>
        <translation>Eine Zeile der Richtlinie betrifft das Tag {tag}, daher setzt und entfernt es nur dom0.</translation>
    </message>
    <message>
        <source>{place} would deny dom0 its own management calls ({call} to {target}). Put a rule above it that allows them.</source>
        <translation>{place} würde dom0 die eigenen Verwaltungsaufrufe verbieten ({call} an {target}). Setzen Sie eine Regel darüber, die sie erlaubt.</translation>
    </message>
    <message>
        <source>The policy files together are larger than {most:MiB}.</source>
        <translation>Die Richtliniendateien sind zusammen größer als {most:MiB}.</translation>
    </message>
    <message>
        <source>Only dom0 asks whether the policy admits a call.</source>
        <translation>Nur dom0 fragt, ob die Richtlinie einen Aufruf zulässt.</translation>
    </message>
    <message>
        <source>The policy does not admit the call. {why}</source>
        <translation>Die Richtlinie lässt den Aufruf nicht zu. {why}</translation>
    </message>
    <message>
        <source>dom0 makes its calls at the socket of the daemon.</source>
        <translation>dom0 macht seine Aufrufe am Socket des Dienstes.</translation>
    </message>
    <message>
        <source>The user does not allow the call, about which {rule} asks.</source>
        <translation>Der Benutzer erlaubt den Aufruf nicht, nach dem {rule} fragt.</translation>
    </message>
    <message>
        <source>The user did not answer the question of {rule} in time.</source>
        <translation>Der Benutzer hat die Frage von {rule} nicht rechtzeitig beantwortet.</translation>
    </message>
    <message>
        <source>{rule} asks, and too many questions wait for the user.</source>
        <translation>{rule} fragt, und es warten schon zu viele Fragen auf den Benutzer.</translation>
    </message>
    <message>
        <source>The question {question} is over.</source>
        <translation>Die Frage {question} ist vorüber.</translation>
    </message>
    <message>
        <source>The question {question} has no choice {target}.</source>
        <translation>Die Frage {question} hat keine Wahl {target}.</translation>
    </message>
    <message>
        <source>An answer is question=NUMBER, and target=CHOICE to allow the call.</source>
        <translation>Eine Antwort ist question=NUMMER, dazu target=WAHL, um den Aufruf zu erlauben.</translation>
    </message>
    <message>
        <source>Only dom0 answers questions of the policy.</source>
        <translation>Nur dom0 beantwortet Fragen der Richtlinie.</translation>
    </message>
    <message>
        <source>The policy sends the call to {target}; only dom0 answers here.</source>
        <translation>Die Richtlinie schickt den Aufruf an {target}; hier antwortet nur dom0.</translation>
    </message>
    <message>
        <source>{rule} asks, and no program shows the question to a user.</source>
        <translation>{rule} fragt, und kein Programm zeigt einem Benutzer die Frage.</translation>
    </message>
    <message>
        <source>The limit must be a number from 1 to {most}.</source>
        <translation>Die Grenze muss eine Zahl von 1 bis {most} sein.</translation>
    </message>
    <message>
        <source>Qubes 4.2 and older have no modes of assignment. Detach the device, or attach it persistently.</source>
        <translation>Qubes 4.2 und ältere haben keine Arten der Zuweisung. Trennen Sie das Gerät, oder verbinden Sie es dauerhaft.</translation>
    </message>
    <message>
        <source>{qube} is of the class {klass} of Qubes OS, which is not known here: it cannot be copied.</source>
        <translation>{qube} ist von der Klasse {klass} von Qubes OS, die hier nicht bekannt ist: Er lässt sich nicht kopieren.</translation>
    </message>
    <message>
        <source>There qrexec itself decides about each call.</source>
        <translation>Dort entscheidet qrexec selbst über jeden Aufruf.</translation>
    </message>
    <message>
        <source>The settings of a qube of the backup are not valid JSON.</source>
        <translation>Die Einstellungen eines Qubes der Sicherung sind kein gültiges JSON.</translation>
    </message>
    <message>
        <source>Qubes OS takes letters, digits, blanks and : ; , . / _ [ ] - in the comments of rules; others became _.</source>
        <translation>Qubes OS nimmt Buchstaben, Ziffern, Leerzeichen und : ; , . / _ [ ] - in den Kommentaren von Regeln; andere wurden zu _.</translation>
    </message>
    <message>
        <source>Taken back, because the rest was not done.</source>
        <translation>Zurückgenommen, weil der Rest nicht gelang.</translation>
    </message>
    <message>
        <source>{qube} cannot be its own manager.</source>
        <translation>{qube} kann sich nicht selbst verwalten.</translation>
    </message>
    <message>
        <source>dom0 has no manager.</source>
        <translation>dom0 hat keinen Verwalter.</translation>
    </message>
    <message>
        <source>{line} still denies calls to the manager.</source>
        <translation>{line} verweigert dem Verwalter noch Aufrufe.</translation>
    </message>
    <message>
        <source>These have the tag already, and are managed too: {qubes}.</source>
        <translation>Diese haben das Tag schon und werden auch verwaltet: {qubes}.</translation>
    </message>
    <message>
        <source>The profile {profile} is of another source, and names qubes that {source} does not see.</source>
        <translation>Das Profil {profile} ist von einer anderen Quelle und nennt Qubes, die {source} nicht sieht.</translation>
    </message>
    <message>
        <source>{line} does not name {source}, which is no qube.</source>
        <translation>{line} nennt {source} nicht, und das ist kein Qube.</translation>
    </message>
    <message>
        <source>Nothing answers on the channel of {qube}: qubes-mgmt1-client must be installed in it or in its template, and the qube started since.</source>
        <translation>Auf dem Kanal von {qube} antwortet niemand: qubes-mgmt1-client muss in ihm oder in seiner Vorlage installiert und der Qube seitdem gestartet worden sein.</translation>
    </message>
    <message>
        <source>{qube} does not run.</source>
        <translation>{qube} läuft nicht.</translation>
    </message>
    <message>
        <source>The agent in {qube} neither began the service nor refused it in time.</source>
        <translation>Der Agent in {qube} hat den Dienst nicht rechtzeitig gestartet und auch nicht abgelehnt.</translation>
    </message>
    <message>
        <source>The connection to {qube} broke before the service ended.</source>
        <translation>Die Verbindung zu {qube} ist abgebrochen, bevor der Dienst zu Ende war.</translation>
    </message>
    <message>
        <source>{qube} has no service {service}.</source>
        <translation>{qube} hat keinen Dienst {service}.</translation>
    </message>
    <message>
        <source>{qube} did not start {service}: {text}</source>
        <translation>{qube} hat {service} nicht gestartet: {text}</translation>
    </message>
    <message>
        <source>{service} in {qube} wrote more than {bytes} bytes and was ended.</source>
        <translation>{service} in {qube} hat mehr als {bytes} Bytes geschrieben und wurde beendet.</translation>
    </message>
    <message>
        <source>The policy sends the service to {target}.</source>
        <translation>Die Richtlinie leitet den Dienst an {target}.</translation>
    </message>
    <message>
        <source>The policy refuses the call.</source>
        <translation>Die Richtlinie lehnt den Aufruf ab.</translation>
    </message>
    <message>
        <source>The call cannot be carried out.</source>
        <translation>Der Aufruf kann nicht ausgeführt werden.</translation>
    </message>
    <message>
        <source>There is no such service.</source>
        <translation>Diesen Dienst gibt es nicht.</translation>
    </message>
    <message>
        <source>Too many services are under way in {qube}.</source>
        <translation>In {qube} laufen zu viele Dienste.</translation>
    </message>
    <message>
        <source>The result of a service is not whole.</source>
        <translation>Das Ergebnis eines Dienstes ist nicht vollständig.</translation>
    </message>
    <message>
        <source>service</source>
        <translation>Dienst</translation>
    </message>
    <message>
        <source>Qubes OS has no call for this. {instead}</source>
        <translation>Qubes OS hat dafür keinen Aufruf. {instead}</translation>
    </message>
    <message>
        <source>Qubes OS keeps no notes of dom0.</source>
        <translation>Qubes OS hat keine Notizen zu dom0.</translation>
    </message>
    <message>
        <source>Run qvm-run --service in dom0.</source>
        <translation>In dom0 qvm-run --service ausführen.</translation>
    </message>
    <message>
        <source>The demonstration does not shut this computer down.</source>
        <translation>Die Demonstration fährt diesen Computer nicht herunter.</translation>
    </message>
    <message>
        <source>The computer stays on: the backup {profile} is not complete.</source>
        <translation>Der Computer bleibt an: Die Sicherung {profile} ist nicht vollständig.</translation>
    </message>
    <message>
        <source>The computer stays on: nothing has moved for {minutes} minutes. It waited for: {title}</source>
        <translation>Der Computer bleibt an: Seit {minutes} Minuten hat sich nichts bewegt. Gewartet wurde auf: {title}</translation>
    </message>
</context>
<context>
    <name>RenameDialog</name>
    <message>
        <source>Rename {0}</source>
        <translation>{0} umbenennen</translation>
    </message>
    <message>
        <source>New &amp;name:</source>
        <translation>Neuer &amp;Name:</translation>
    </message>
    <message>
        <source>Changed along with it: {0}</source>
        <translation>Ändert sich mit: {0}</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>Qubes OS cannot rename a qube. {0} is cloned, what names it is changed to the clone, and {0} is removed. If a step fails, both qubes stay.</source>
        <translation>Qubes OS kann einen Qube nicht umbenennen. {0} wird geklont; was ihn nennt, nennt dann den Klon, und {0} wird entfernt. Scheitert ein Schritt, bleiben beide Qubes.</translation>
    </message>
</context>
<context>
    <name>Resources</name>
    <message>
        <source>paused, keeps its memory</source>
        <translation>angehalten, behält seinen Speicher</translation>
    </message>
    <message numerus="yes">
        <source>at its CPU limit for %n min</source>
        <translation>
            <numerusform>seit %n min an seiner CPU-Grenze</numerusform>
            <numerusform>seit %n min an seiner CPU-Grenze</numerusform>
        </translation>
    </message>
    <message>
        <source>memory is fixed</source>
        <translation>fester Speicher</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} von {1}</translation>
    </message>
    <message numerus="yes">
        <source>full in %n day(s)</source>
        <translation>
            <numerusform>voll in %n Tag</numerusform>
            <numerusform>voll in %n Tagen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>full in %n week(s)</source>
        <translation>
            <numerusform>voll in %n Woche</numerusform>
            <numerusform>voll in %n Wochen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>full in about %n year(s)</source>
        <translation>
            <numerusform>voll in etwa %n Jahr</numerusform>
            <numerusform>voll in etwa %n Jahren</numerusform>
        </translation>
    </message>
    <message>
        <source>not known yet</source>
        <translation>noch nicht bekannt</translation>
    </message>
    <message>
        <source>does not grow</source>
        <translation>wächst nicht</translation>
    </message>
    <message>
        <source>hardly grows</source>
        <translation>wächst kaum</translation>
    </message>
    <message>
        <source>full</source>
        <translation>voll</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>nicht bekannt</translation>
    </message>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>Memory (GiB)</source>
        <translation>Speicher (GiB)</translation>
    </message>
    <message>
        <source>CPU (%)</source>
        <translation>CPU (%)</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Anmerkung</translation>
    </message>
    <message>
        <source>Pool</source>
        <translation>Pool</translation>
    </message>
    <message>
        <source>Used (GiB)</source>
        <translation>Belegt (GiB)</translation>
    </message>
    <message>
        <source>Forecast</source>
        <translation>Vorhersage</translation>
    </message>
    <message>
        <source>Grows most</source>
        <translation>Wächst am meisten</translation>
    </message>
    <message>
        <source>Disk (GiB)</source>
        <translation>Platte (GiB)</translation>
    </message>
    <message>
        <source>A week (GiB)</source>
        <translation>Je Woche (GiB)</translation>
    </message>
    <message>
        <source>Needs measurements of {0} days, one every six hours; there are {1} so far.</source>
        <translation>Braucht Messungen aus {0} Tagen, alle sechs Stunden eine; bisher gibt es {1}.</translation>
    </message>
    <message>
        <source>{0} a week: the median between every two of {1} measurements since {2}, continued.</source>
        <translation>{0} in der Woche: der Median zwischen je zwei von {1} Messungen seit {2}, fortgesetzt.</translation>
    </message>
    <message>
        <source>Memory (KiB)</source>
        <translation>Speicher (KiB)</translation>
    </message>
    <message>
        <source>At most (KiB)</source>
        <translation>Höchstens (KiB)</translation>
    </message>
    <message>
        <source>Used (bytes)</source>
        <translation>Belegt (Bytes)</translation>
    </message>
    <message>
        <source>Size (bytes)</source>
        <translation>Größe (Bytes)</translation>
    </message>
    <message>
        <source>nearly full</source>
        <translation>fast voll</translation>
    </message>
    <message>
        <source>its metadata</source>
        <translation>seine Metadaten</translation>
    </message>
    <message>
        <source>the metadata of {0}</source>
        <translation>die Metadaten von {0}</translation>
    </message>
    <message>
        <source>Where {0} keeps which volume has which blocks.</source>
        <translation>Hier hält {0} fest, welcher Datenträger welche Blöcke hat.</translation>
    </message>
    <message>
        <source>Once it is full, no qube can write to the pool.</source>
        <translation>Ist hier alles voll, kann kein Qube mehr in den Pool schreiben.</translation>
    </message>
</context>
<context>
    <name>ResourcesPage</name>
    <message>
        <source>Resources</source>
        <translation>Ressourcen</translation>
    </message>
    <message>
        <source>Uses most</source>
        <translation>Verbraucht am meisten</translation>
    </message>
    <message>
        <source>Pools</source>
        <translation>Pools</translation>
    </message>
    <message>
        <source>Grows most</source>
        <translation>Wächst am meisten</translation>
    </message>
    <message>
        <source>Review &amp;snapshots…</source>
        <translation>&amp;Schnappschüsse ansehen …</translation>
    </message>
    <message>
        <source>Storage…</source>
        <translation>Speicherplatz …</translation>
    </message>
    <message>
        <source>Find a qube ({0})</source>
        <translation>Einen Qube suchen ({0})</translation>
    </message>
    <message>
        <source>Find a qube</source>
        <translation>Einen Qube suchen</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Arbeitsspeicher</translation>
    </message>
    <message>
        <source>CPU, last hour</source>
        <translation>CPU, letzte Stunde</translation>
    </message>
    <message>
        <source>Memory, last hour</source>
        <translation>Arbeitsspeicher, letzte Stunde</translation>
    </message>
    <message>
        <source>1 h ago</source>
        <translation>vor 1 h</translation>
    </message>
    <message>
        <source>now</source>
        <translation>jetzt</translation>
    </message>
    <message>
        <source>Read the memory</source>
        <translation>Nach dem Speicher fragen</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>nicht bekannt</translation>
    </message>
    <message>
        <source>how much is free is not known</source>
        <translation>wie viel frei ist, ist nicht bekannt</translation>
    </message>
    <message numerus="yes">
        <source>%n other(s)</source>
        <translation>
            <numerusform>%n anderer</numerusform>
            <numerusform>%n andere</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} % of %n processor(s)</source>
        <translation>
            <numerusform>{0} % von %n Prozessor</numerusform>
            <numerusform>{0} % von %n Prozessoren</numerusform>
        </translation>
    </message>
    <message>
        <source>100 %</source>
        <translation>100 %</translation>
    </message>
    <message>
        <source>peak {0} % at {1}</source>
        <translation>Spitze {0} % um {1}</translation>
    </message>
    <message>
        <source>No statistics yet.</source>
        <translation>Noch keine Statistik.</translation>
    </message>
    <message>
        <source>Measuring…</source>
        <translation>Es wird gemessen …</translation>
    </message>
    <message>
        <source>No qube grows, or it is not known yet.</source>
        <translation>Kein Qube wächst, oder es ist noch nicht bekannt.</translation>
    </message>
    <message>
        <source>Of the qubes, {0} grows most.</source>
        <translation>Von den Qubes wächst {0} am meisten.</translation>
    </message>
    <message>
        <source>{0} is full.</source>
        <translation>{0} ist voll.</translation>
    </message>
    <message>
        <source>Use of which time</source>
        <translation>Nutzung in welcher Zeit</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Jetzt</translation>
    </message>
    <message>
        <source>Mean of the last minutes</source>
        <translation>Mittel der letzten Minuten</translation>
    </message>
    <message>
        <source>Export the resources</source>
        <translation>Die Ressourcen exportieren</translation>
    </message>
    <message>
        <source>resources.csv</source>
        <translation>ressourcen.csv</translation>
    </message>
    <message>
        <source>Extend the metadata of {0}. Once it is full, no qube can write.</source>
        <translation>Die Metadaten von {0} vergrößern. Sind sie voll, kann kein Qube mehr schreiben.</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} von {1}</translation>
    </message>
    <message>
        <source>{0} free for qubes</source>
        <translation>{0} frei für Qubes</translation>
    </message>
    <message>
        <source>peak {0} at {1}</source>
        <translation>Spitze {0} um {1}</translation>
    </message>
    <message>
        <source>{0} grows by {1} a week.</source>
        <translation>{0} wächst um {1} in der Woche.</translation>
    </message>
</context>
<context>
    <name>RestoreCompare</name>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>Datum</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>Klasse</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Tags</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>nicht bekannt</translation>
    </message>
    <message>
        <source>running now</source>
        <translation>läuft gerade</translation>
    </message>
    <message>
        <source>last backup {0}</source>
        <translation>letzte Sicherung {0}</translation>
    </message>
    <message>
        <source>never backed up</source>
        <translation>nie gesichert</translation>
    </message>
    <message>
        <source>default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>{0} characters</source>
        <translation>{0} Zeichen</translation>
    </message>
    <message>
        <source>on</source>
        <translation>ein</translation>
    </message>
    <message>
        <source>off</source>
        <translation>aus</translation>
    </message>
    <message>
        <source>no tags</source>
        <translation>keine Tags</translation>
    </message>
    <message>
        <source>no notes</source>
        <translation>keine Notizen</translation>
    </message>
</context>
<context>
    <name>RestoreResult</name>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Name here</source>
        <translation>Name hier</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Anmerkungen</translation>
    </message>
</context>
<context>
    <name>RestoreRun</name>
    <message>
        <source>Verify {0}</source>
        <translation>{0} prüfen</translation>
    </message>
    <message>
        <source>Restore from {0}</source>
        <translation>Aus {0} wiederherstellen</translation>
    </message>
    <message>
        <source>Verifying…</source>
        <translation>Wird geprüft …</translation>
    </message>
    <message>
        <source>Restoring…</source>
        <translation>Wird wiederhergestellt …</translation>
    </message>
    <message>
        <source>Cancelled. No partly restored qube was left.</source>
        <translation>Abgebrochen. Es bleibt nichts halb Wiederhergestelltes.</translation>
    </message>
    <message>
        <source>Not verified.</source>
        <translation>Nicht geprüft.</translation>
    </message>
    <message>
        <source>Nothing was restored.</source>
        <translation>Es wurde nichts wiederhergestellt.</translation>
    </message>
    <message numerus="yes">
        <source>Intact in this backup: %n qube(s).</source>
        <translation>
            <numerusform>Unversehrt in dieser Sicherung: %n Qube.</numerusform>
            <numerusform>Unversehrt in dieser Sicherung: %n Qubes.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s) restored.</source>
        <translation>
            <numerusform>%n Qube wiederhergestellt.</numerusform>
            <numerusform>%n Qubes wiederhergestellt.</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} von {1}</translation>
    </message>
    <message>
        <source>{0} a second</source>
        <translation>{0} in der Sekunde</translation>
    </message>
    <message>
        <source>about {0} left</source>
        <translation>noch etwa {0}</translation>
    </message>
    <message>
        <source>intact</source>
        <translation>unversehrt</translation>
    </message>
    <message>
        <source>restored</source>
        <translation>wiederhergestellt</translation>
    </message>
    <message>
        <source>left out</source>
        <translation>ausgelassen</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>Backup</source>
        <translation>Sicherung</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>Grund</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>being read</source>
        <translation>wird gelesen</translation>
    </message>
    <message>
        <source>read</source>
        <translation>gelesen</translation>
    </message>
    <message>
        <source>Reading {0}</source>
        <translation>{0} wird gelesen</translation>
    </message>
    <message>
        <source>The whole file has been read; the rest of it is being checked and written.</source>
        <translation>Die ganze Datei ist gelesen; was noch übrig ist, wird geprüft und geschrieben.</translation>
    </message>
    <message>
        <source>(the file)</source>
        <translation>(die Datei)</translation>
    </message>
    <message>
        <source>The connection was lost. See the list of qubes for what was restored.</source>
        <translation>Die Verbindung ist abgebrochen. Was wiederhergestellt wurde, zeigt die Liste der Qubes.</translation>
    </message>
    <message>
        <source>Failed: {0}.</source>
        <translation>Fehlgeschlagen: {0}.</translation>
    </message>
    <message>
        <source>The file is damaged.</source>
        <translation>Die Datei ist beschädigt.</translation>
    </message>
</context>
<context>
    <name>RestoreSummary</name>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>Name here</source>
        <translation>Name hier</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>Net qube</source>
        <translation>Netz-Qube</translation>
    </message>
    <message>
        <source>What will happen</source>
        <translation>Was geschehen wird</translation>
    </message>
    <message>
        <source>Pool</source>
        <translation>Pool</translation>
    </message>
</context>
<context>
    <name>RestoreTable</name>
    <message>
        <source>Left out.</source>
        <translation>Ausgelassen.</translation>
    </message>
    <message>
        <source>Left out: there is a qube of this name. Tick it to restore it under another.</source>
        <translation>Ausgelassen: Es gibt einen Qube dieses Namens. Angekreuzt wird er unter einem anderen wiederhergestellt.</translation>
    </message>
    <message>
        <source>Restored.</source>
        <translation>Wird wiederhergestellt.</translation>
    </message>
    <message>
        <source>Restored as {0}.</source>
        <translation>Wird als {0} wiederhergestellt.</translation>
    </message>
    <message>
        <source>There is a qube {0} here; give it another name.</source>
        <translation>Hier gibt es einen Qube {0}; geben Sie ihm einen anderen Namen.</translation>
    </message>
    <message>
        <source>Two qubes cannot both be {0}.</source>
        <translation>Zwei Qubes können nicht beide {0} heißen.</translation>
    </message>
    <message>
        <source>Its template will be {0}.</source>
        <translation>Seine Vorlage wird {0}.</translation>
    </message>
    <message>
        <source>{0} is no template for it.</source>
        <translation>{0} ist keine Vorlage für ihn.</translation>
    </message>
    <message>
        <source>Its template {0} is not here: it will be {1}.</source>
        <translation>Seine Vorlage {0} gibt es hier nicht, stattdessen bekommt er {1}.</translation>
    </message>
    <message>
        <source>Its template {0} is not here; choose another.</source>
        <translation>Seine Vorlage {0} gibt es hier nicht; wählen Sie eine andere.</translation>
    </message>
    <message>
        <source>It will have no network.</source>
        <translation>Er bekommt kein Netz.</translation>
    </message>
    <message>
        <source>Its net qube will be {0}.</source>
        <translation>Sein Netz-Qube wird {0}.</translation>
    </message>
    <message>
        <source>Its net qube {0} is not here: it will have the default.</source>
        <translation>Seinen Netz-Qube {0} gibt es hier nicht: Er bekommt den üblichen.</translation>
    </message>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>Klasse</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>What will happen</source>
        <translation>Was geschehen wird</translation>
    </message>
    <message>
        <source>Left out. To unpack its home, tick it on the last page.</source>
        <translation>Ausgelassen. Um sein Home zu entpacken, kreuzen Sie es auf der letzten Seite an.</translation>
    </message>
</context>
<context>
    <name>RestoreWizard</name>
    <message>
        <source>Restore</source>
        <translation>Wiederherstellen</translation>
    </message>
    <message>
        <source>Restore qubes</source>
        <translation>Qubes wiederherstellen</translation>
    </message>
    <message>
        <source>Read the backup {0}</source>
        <translation>Die Sicherung {0} lesen</translation>
    </message>
    <message>
        <source>Verify</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>&amp;Restore</source>
        <translation>&amp;Wiederherstellen</translation>
    </message>
</context>
<context>
    <name>RightsWindow</name>
    <message>
        <source>What may {0} do?</source>
        <translation>Was darf {0}?</translation>
    </message>
    <message>
        <source>Open the policy</source>
        <translation>Die Richtlinie öffnen</translation>
    </message>
    <message>
        <source>What it may call</source>
        <translation>Was er aufrufen darf</translation>
    </message>
    <message>
        <source>Who may call it</source>
        <translation>Wer ihn aufrufen darf</translation>
    </message>
    <message>
        <source>Reading the policy…</source>
        <translation>Die Richtlinie wird gelesen …</translation>
    </message>
    <message>
        <source>The policy cannot be read</source>
        <translation>Die Richtlinie lässt sich nicht lesen</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>Load the rights</source>
        <translation>Nach den Rechten fragen</translation>
    </message>
    <message>
        <source>Every call is denied</source>
        <translation>Jeder Aufruf wird abgelehnt</translation>
    </message>
    <message numerus="yes">
        <source>%n rule(s)</source>
        <translation>
            <numerusform>%n Regel</numerusform>
            <numerusform>%n Regeln</numerusform>
        </translation>
    </message>
    <message>
        <source>nothing: every call is denied</source>
        <translation>nichts: Jeder Aufruf wird abgelehnt</translation>
    </message>
</context>
<context>
    <name>RuleDialog</name>
    <message>
        <source>New firewall rule</source>
        <translation>Neue Firewall-Regel</translation>
    </message>
    <message>
        <source>Firewall rule</source>
        <translation>Firewall-Regel</translation>
    </message>
    <message>
        <source>accept</source>
        <translation>annehmen</translation>
    </message>
    <message>
        <source>drop</source>
        <translation>verwerfen</translation>
    </message>
    <message>
        <source>anywhere, or example.org, 10.0.0.0/8, dns</source>
        <translation>überall, oder example.org, 10.0.0.0/8, dns</translation>
    </message>
    <message>
        <source>any</source>
        <translation>alle</translation>
    </message>
    <message>
        <source>never</source>
        <translation>nie</translation>
    </message>
    <message>
        <source>in 5 minutes</source>
        <translation>in 5 Minuten</translation>
    </message>
    <message>
        <source>in an hour</source>
        <translation>in einer Stunde</translation>
    </message>
    <message>
        <source>in a day</source>
        <translation>in einem Tag</translation>
    </message>
    <message>
        <source>as it is</source>
        <translation>wie bisher</translation>
    </message>
    <message>
        <source>&amp;Action</source>
        <translation>&amp;Aktion</translation>
    </message>
    <message>
        <source>&amp;Destination</source>
        <translation>&amp;Ziel</translation>
    </message>
    <message>
        <source>&amp;Protocol</source>
        <translation>&amp;Protokoll</translation>
    </message>
    <message>
        <source>P&amp;orts or ICMP type</source>
        <translation>P&amp;orts oder ICMP-Typ</translation>
    </message>
    <message>
        <source>E&amp;xpires</source>
        <translation>&amp;Läuft ab</translation>
    </message>
    <message>
        <source>&amp;Comment</source>
        <translation>&amp;Kommentar</translation>
    </message>
    <message>
        <source>The simple list has only what it allows, to some destination or by some protocol.</source>
        <translation>Die einfache Liste enthält nur, was sie erlaubt, zu einem Ziel oder mit einem Protokoll.</translation>
    </message>
    <message>
        <source>all, or 443, https, 80,443, 8000-8080</source>
        <translation>alle, oder 443, https, 80,443, 8000-8080</translation>
    </message>
    <message>
        <source>The name is sent as {0}.</source>
        <translation>Der Name wird als {0} gesendet.</translation>
    </message>
    <message numerus="yes">
        <source>%n rule(s), one for each range of ports.</source>
        <translation>
            <numerusform>%n Regel, eine je Portbereich.</numerusform>
            <numerusform>%n Regeln, eine je Portbereich.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>RulesText</name>
    <message>
        <source>The file as text</source>
        <translation>Die Datei als Text</translation>
    </message>
</context>
<context>
    <name>RulesView</name>
    <message>
        <source>Rules</source>
        <translation>Regeln</translation>
    </message>
</context>
<context>
    <name>RunDialog</name>
    <message>
        <source>Run a command</source>
        <translation>Befehl ausführen</translation>
    </message>
    <message>
        <source>In:</source>
        <translation>In:</translation>
    </message>
    <message>
        <source>&amp;Command:</source>
        <translation>&amp;Befehl:</translation>
    </message>
    <message>
        <source>The qube&apos;s shell reads it. A qube that is halted is started.</source>
        <translation>Die Shell des Qubes liest ihn. Ein Qube, der ausgeschaltet ist, wird gestartet.</translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation>&amp;Ausführen</translation>
    </message>
</context>
<context>
    <name>RunPage</name>
    <message>
        <source>What happened to the qubes</source>
        <translation>Was aus den Qubes wurde</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>&amp;Qubes</source>
        <translation>&amp;Qubes</translation>
    </message>
    <message>
        <source>&amp;Log</source>
        <translation>&amp;Protokoll</translation>
    </message>
    <message>
        <source>&amp;Save the report…</source>
        <translation>Bericht &amp;speichern …</translation>
    </message>
    <message>
        <source>The report is in {0}.</source>
        <translation>Der Bericht steht in {0}.</translation>
    </message>
    <message>
        <source>The report was not written: {0}.</source>
        <translation>Der Bericht wurde nicht geschrieben: {0}.</translation>
    </message>
    <message>
        <source>Reading the backup…</source>
        <translation>Die Sicherung wird gelesen …</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>Bericht speichern</translation>
    </message>
    <message>
        <source>restore-report.txt</source>
        <translation>wiederherstellungsbericht.txt</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>&amp;Cancel the restore</source>
        <translation>Wiederherstellung a&amp;bbrechen</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>S&amp;chließen</translation>
    </message>
    <message>
        <source>Lea&amp;ve it running</source>
        <translation>&amp;Weiterlaufen lassen</translation>
    </message>
    <message>
        <source>Sal&amp;vage what is intact…</source>
        <translation>Unversehrtes &amp;retten …</translation>
    </message>
    <message>
        <source>Reads the damaged file again and restores each qube whose parts are all intact.</source>
        <translation>Liest die beschädigte Datei noch einmal und stellt jeden Qube wieder her, dessen Teile alle unversehrt sind.</translation>
    </message>
    <message>
        <source>It continues, and is in the list of tasks.</source>
        <translation>Es geht weiter und steht in der Liste der Aufgaben.</translation>
    </message>
    <message>
        <source>« &amp;Back</source>
        <translation>« &amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Retry</source>
        <translation>Noch einmal &amp;versuchen</translation>
    </message>
</context>
<context>
    <name>RunPanel</name>
    <message>
        <source>{0} is running</source>
        <translation>{0} läuft</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Stop this backup and remove its incomplete file.</source>
        <translation>Diese Sicherung abbrechen; was sie geschrieben hat, wird entfernt.</translation>
    </message>
    <message>
        <source>about {0} left</source>
        <translation>noch etwa {0}</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} von {1}</translation>
    </message>
    <message>
        <source>Preparing…</source>
        <translation>Vorbereitung…</translation>
    </message>
    <message>
        <source>{0} a second</source>
        <translation>{0} je Sekunde</translation>
    </message>
    <message>
        <source>No progress for {0}. The destination may be slow or disconnected.</source>
        <translation>Seit {0} kein Fortschritt. Das Ziel ist vielleicht langsam oder getrennt.</translation>
    </message>
    <message>
        <source>The connection was lost. The backup may still be running.</source>
        <translation>Die Verbindung ist abgebrochen. Die Sicherung läuft vielleicht weiter.</translation>
    </message>
    <message>
        <source>{0} is read again</source>
        <translation>{0} wird noch einmal gelesen</translation>
    </message>
    <message numerus="yes">
        <source>{0}, {1} of %n qube(s)</source>
        <translation>
            <numerusform>{0}, {1} von %n Qube</numerusform>
            <numerusform>{0}, {1} von %n Qubes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>RunningBackup</name>
    <message>
        <source>Back up: {0}</source>
        <translation>Sichern: {0}</translation>
    </message>
    <message>
        <source>{0} is read again</source>
        <translation>{0} wird noch einmal gelesen</translation>
    </message>
    <message>
        <source>{0} is written</source>
        <translation>{0} wird geschrieben</translation>
    </message>
    <message>
        <source>The backup is complete.</source>
        <translation>Die Sicherung ist vollständig.</translation>
    </message>
    <message>
        <source>Cancelled. The incomplete file was removed.</source>
        <translation>Abgebrochen. Was schon geschrieben war, ist entfernt.</translation>
    </message>
    <message>
        <source>It failed: {0}</source>
        <translation>Fehlgeschlagen: {0}</translation>
    </message>
    <message>
        <source>the schedule</source>
        <translation>dem Zeitplan</translation>
    </message>
    <message>
        <source>The connection was lost before the backup began.</source>
        <translation>Die Verbindung ist abgebrochen, bevor die Sicherung begann.</translation>
    </message>
    <message>
        <source>Started by {0}.</source>
        <translation>Gestartet von {0}.</translation>
    </message>
    <message>
        <source>A backup of this profile is already running; this window shows it.</source>
        <translation>Eine Sicherung dieses Profils läuft schon; dieses Fenster zeigt sie.</translation>
    </message>
    <message>
        <source>The connection was lost. The backup may still be running.</source>
        <translation>Die Verbindung ist abgebrochen. Die Sicherung läuft vielleicht weiter.</translation>
    </message>
    <message>
        <source>Connected again.</source>
        <translation>Wieder verbunden.</translation>
    </message>
    <message>
        <source>Read a backup profile</source>
        <translation>Ein Sicherungsprofil lesen</translation>
    </message>
</context>
<context>
    <name>SaveViewDialog</name>
    <message>
        <source>Save this view</source>
        <translation>Diese Ansicht speichern</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>&amp;Name:</translation>
    </message>
    <message>
        <source>&amp;Filter:</source>
        <translation>&amp;Filter:</translation>
    </message>
    <message>
        <source>The view of that name is replaced.</source>
        <translation>Die Ansicht dieses Namens wird ersetzt.</translation>
    </message>
</context>
<context>
    <name>Saving</name>
    <message>
        <source>Read the versions</source>
        <translation>Die Versionen lesen</translation>
    </message>
    <message>
        <source>Save the policy</source>
        <translation>Die Richtlinie speichern</translation>
    </message>
    <message>
        <source>Not saved: {0}</source>
        <translation>Nicht gespeichert: {0}</translation>
    </message>
    <message>
        <source>Saved {0}. Undo brings the last version back, to be saved again.</source>
        <translation>{0} ist gespeichert. „Rückgängig“ holt die letzte Fassung zurück, die dann wieder zu speichern ist.</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Bring back a version that this program replaced</source>
        <translation>Eine Fassung zurückholen, die dieses Programm ersetzt hat</translation>
    </message>
    <message>
        <source>This program has not replaced a version yet.</source>
        <translation>Dieses Programm hat noch keine Fassung ersetzt.</translation>
    </message>
    <message>
        <source>{0} was changed elsewhere since your edits began. They are shown against that version now.</source>
        <translation>{0} wurde seit Beginn Ihrer Änderungen anderswo geändert. Sie werden jetzt gegen diese Fassung gezeigt.</translation>
    </message>
    <message>
        <source>Keep mine</source>
        <translation>Meine behalten</translation>
    </message>
    <message>
        <source>Take the other version</source>
        <translation>Die andere Fassung nehmen</translation>
    </message>
    <message>
        <source>These are changed and could not be taken back: {0}.</source>
        <translation>Diese sind geändert und konnten nicht zurückgenommen werden: {0}.</translation>
    </message>
</context>
<context>
    <name>Sending</name>
    <message>
        <source>{0}: {1}</source>
        <translation>{0}: {1}</translation>
    </message>
</context>
<context>
    <name>ServiceTable</name>
    <message>
        <source>Service</source>
        <translation>Dienst</translation>
    </message>
    <message>
        <source>What for</source>
        <translation>Wofür</translation>
    </message>
    <message>
        <source>Set by</source>
        <translation>Gesetzt von</translation>
    </message>
    <message>
        <source>edited</source>
        <translation>bearbeitet</translation>
    </message>
    <message>
        <source>this qube</source>
        <translation>dieser Qube</translation>
    </message>
    <message>
        <source>template {0}</source>
        <translation>Vorlage {0}</translation>
    </message>
    <message>
        <source>not set</source>
        <translation>nicht gesetzt</translation>
    </message>
</context>
<context>
    <name>Services</name>
    <message>
        <source>Network connections are set up in it.</source>
        <translation>Netzverbindungen werden darin eingerichtet.</translation>
    </message>
    <message>
        <source>It gets the time from the network, for the others.</source>
        <translation>Er holt die Zeit aus dem Netz, für die anderen.</translation>
    </message>
    <message>
        <source>It enforces the firewall rules of the qubes behind it.</source>
        <translation>Er setzt die Firewall-Regeln der Qubes dahinter durch.</translation>
    </message>
    <message>
        <source>It forwards the network of the qubes behind it.</source>
        <translation>Er leitet das Netz der Qubes dahinter weiter.</translation>
    </message>
    <message>
        <source>It fetches updates for other qubes.</source>
        <translation>Er holt Aktualisierungen für andere Qubes.</translation>
    </message>
    <message>
        <source>It gets its updates through another qube.</source>
        <translation>Er bekommt seine Aktualisierungen durch einen anderen Qube.</translation>
    </message>
    <message>
        <source>It checks for updates.</source>
        <translation>Er sieht nach, ob es Aktualisierungen gibt.</translation>
    </message>
    <message>
        <source>It reports its use of memory, for balancing.</source>
        <translation>Er meldet, wie viel Speicher er braucht, damit er verteilt werden kann.</translation>
    </message>
    <message>
        <source>It shuts down when no window has been open for a while.</source>
        <translation>Er fährt herunter, wenn eine Weile kein Fenster offen war.</translation>
    </message>
    <message>
        <source>It is a net qube from a minimal template.</source>
        <translation>Er ist ein Netz-Qube aus einer kleinen Vorlage.</translation>
    </message>
    <message>
        <source>It reaches its net qube, and nothing beyond.</source>
        <translation>Er erreicht seinen Netz-Qube und nichts dahinter.</translation>
    </message>
    <message>
        <source>It has no name servers.</source>
        <translation>Er hat keine Namensserver.</translation>
    </message>
    <message>
        <source>It can print.</source>
        <translation>Er kann drucken.</translation>
    </message>
    <message>
        <source>It runs commands at set times.</source>
        <translation>Er führt Befehle zu festen Zeiten aus.</translation>
    </message>
    <message>
        <source>It shows its own windows as a GUI qube.</source>
        <translation>Er zeigt als GUI-Qube seine eigenen Fenster.</translation>
    </message>
    <message>
        <source>It has its own login screen.</source>
        <translation>Er hat einen eigenen Anmeldebildschirm.</translation>
    </message>
</context>
<context>
    <name>ServicesPage</name>
    <message>
        <source>Services</source>
        <translation>Dienste</translation>
    </message>
    <message>
        <source>Another service</source>
        <translation>Ein anderer Dienst</translation>
    </message>
    <message>
        <source>&amp;Add</source>
        <translation>&amp;Hinzufügen</translation>
    </message>
    <message>
        <source>Back to the &amp;default</source>
        <translation>Zurück zum Stan&amp;dard</translation>
    </message>
    <message>
        <source>A service&apos;s name holds letters, digits and . _ -</source>
        <translation>Der Name eines Dienstes enthält Buchstaben, Ziffern und . _ -</translation>
    </message>
    <message>
        <source>Select a service that is set on the qube itself.</source>
        <translation>Wählen Sie einen Dienst, der am Qube selbst gesetzt ist.</translation>
    </message>
</context>
<context>
    <name>Session</name>
    <message>
        <source>Follow the system</source>
        <translation>Dem System folgen</translation>
    </message>
    <message>
        <source>Follow the statistics</source>
        <translation>Den Messwerten folgen</translation>
    </message>
    <message>
        <source>List the labels</source>
        <translation>Die Labels auflisten</translation>
    </message>
    <message>
        <source>Read everything again</source>
        <translation>Alles neu lesen</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>There is no qube {0}.</source>
        <translation>Es gibt keinen Qube {0}.</translation>
    </message>
</context>
<context>
    <name>SettingsFields</name>
    <message>
        <source>&amp;Name</source>
        <translation>&amp;Name</translation>
    </message>
    <message>
        <source>&amp;Label</source>
        <translation>&amp;Label</translation>
    </message>
    <message>
        <source>&amp;Template</source>
        <translation>V&amp;orlage</translation>
    </message>
    <message>
        <source>Net &amp;qube</source>
        <translation>Netz-&amp;Qube</translation>
    </message>
    <message>
        <source>The qube that gives this one network.</source>
        <translation>Der Qube, der diesem das Netz gibt.</translation>
    </message>
    <message>
        <source>&amp;Include in backups</source>
        <translation>In &amp;Sicherungen aufnehmen</translation>
    </message>
    <message>
        <source>Initial &amp;memory</source>
        <translation>Anfangs&amp;speicher</translation>
    </message>
    <message>
        <source>Ma&amp;ximum memory</source>
        <translation>Größter S&amp;peicher</translation>
    </message>
    <message>
        <source>&amp;VCPUs</source>
        <translation>&amp;VCPUs</translation>
    </message>
    <message>
        <source>&amp;Kernel</source>
        <translation>&amp;Kernel</translation>
    </message>
    <message>
        <source>Leave empty to boot the kernel of the root volume.</source>
        <translation>Leer lassen, um den Kernel des Root-Volumes zu starten.</translation>
    </message>
    <message>
        <source>Kernel &amp;options</source>
        <translation>Kernel-&amp;Optionen</translation>
    </message>
    <message>
        <source>Virtualisation mo&amp;de</source>
        <translation>Virtualisierungs&amp;art</translation>
    </message>
    <message>
        <source>Default dis&amp;posable</source>
        <translation>Sta&amp;ndard-Wegwerf-Qube</translation>
    </message>
    <message>
        <source>Template for disposa&amp;bles</source>
        <translation>Vorlage &amp;für Wegwerf-Qubes</translation>
    </message>
    <message>
        <source>Debu&amp;g</source>
        <translation>Fehlersu&amp;che</translation>
    </message>
    <message>
        <source>Default &amp;user</source>
        <translation>Standard-&amp;Benutzer</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>Default &amp;template</source>
        <translation>Standard&amp;vorlage</translation>
    </message>
    <message>
        <source>Default net &amp;qube</source>
        <translation>Standard-Netz-&amp;Qube</translation>
    </message>
    <message>
        <source>&amp;Management disposable</source>
        <translation>Verwa&amp;ltungs-Wegwerf-Qube</translation>
    </message>
    <message>
        <source>Default po&amp;ol</source>
        <translation>Standard-P&amp;ool</translation>
    </message>
    <message>
        <source>Default &amp;kernel</source>
        <translation>Standard&amp;kernel</translation>
    </message>
    <message>
        <source>&amp;Clock qube</source>
        <translation>&amp;Uhr-Qube</translation>
    </message>
    <message>
        <source>&amp;Update qube</source>
        <translation>Aktualisierungs-Qu&amp;be</translation>
    </message>
    <message>
        <source>Default &amp;GUI qube</source>
        <translation>Standard-&amp;GUI-Qube</translation>
    </message>
    <message>
        <source>Default &amp;audio qube</source>
        <translation>Standard-&amp;Audio-Qube</translation>
    </message>
    <message>
        <source>Time to sta&amp;rt</source>
        <translation>Zeit zum Sta&amp;rten</translation>
    </message>
    <message>
        <source>Time to shut &amp;down</source>
        <translation>Zeit zum &amp;Herunterfahren</translation>
    </message>
    <message>
        <source>Between two statist&amp;ics</source>
        <translation>Zwischen zwei Stat&amp;istiken</translation>
    </message>
    <message>
        <source>several values</source>
        <translation>mehrere Werte</translation>
    </message>
    <message>
        <source>Memory that is free is given up to this; 0 turns balancing off.</source>
        <translation>Bis dahin wird freier Speicher gegeben; 0 schaltet den Ausgleich ab.</translation>
    </message>
    <message>
        <source>Start with the s&amp;ystem</source>
        <translation>Mit dem S&amp;ystem starten</translation>
    </message>
    <message>
        <source>Time to s&amp;hut down</source>
        <translation>Zeit zum &amp;Herunterfahren</translation>
    </message>
    <message>
        <source>Provid&amp;es network</source>
        <translation>Stellt Net&amp;z bereit</translation>
    </message>
    <message>
        <source>Boot mode</source>
        <translation>Startmodus</translation>
    </message>
    <message>
        <source>Boot mode of its qubes</source>
        <translation>Startmodus seiner Qubes</translation>
    </message>
    <message>
        <source>Pool of root volumes</source>
        <translation>Pool der Datenträger root</translation>
    </message>
    <message>
        <source>Pool of private volumes</source>
        <translation>Pool der Datenträger private</translation>
    </message>
    <message>
        <source>Pool of volatile volumes</source>
        <translation>Pool der Datenträger volatile</translation>
    </message>
    <message>
        <source>Qubes check for updates</source>
        <translation>Qubes suchen nach Aktualisierungen</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>ja</translation>
    </message>
    <message>
        <source>no</source>
        <translation>nein</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>Default ({0})</source>
        <translation>Standard ({0})</translation>
    </message>
    <message>
        <source>Denied device interfaces</source>
        <translation>Abgelehnte Geräteschnittstellen</translation>
    </message>
    <message>
        <source>Such devices are never attached: u03**** is USB input devices.</source>
        <translation>Solche Geräte werden nie verbunden: u03**** sind alle USB-Eingabegeräte.</translation>
    </message>
</context>
<context>
    <name>SettingsWindow</name>
    <message>
        <source>Settings of {0}</source>
        <translation>Einstellungen von {0}</translation>
    </message>
    <message>
        <source>Basic</source>
        <translation>Allgemein</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>Erweitert</translation>
    </message>
    <message>
        <source>Firewall</source>
        <translation>Firewall</translation>
    </message>
    <message>
        <source>Features and tags</source>
        <translation>Features und Tags</translation>
    </message>
    <message>
        <source>All properties</source>
        <translation>Alle Eigenschaften</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>Load firewall rules</source>
        <translation>Firewall-Regeln laden</translation>
    </message>
    <message>
        <source>This qube is gone.</source>
        <translation>Diesen Qube gibt es nicht mehr.</translation>
    </message>
    <message>
        <source>Apply the settings of {0}</source>
        <translation>Einstellungen von {0} anwenden</translation>
    </message>
    <message>
        <source>{0} was refused: {1}</source>
        <translation>{0} wurde abgelehnt: {1}</translation>
    </message>
    <message numerus="yes">
        <source>%n change(s) before it were made and stay.</source>
        <translation>
            <numerusform>Eine Änderung davor wurde gemacht und bleibt.</numerusform>
            <numerusform>%n Änderungen davor wurden gemacht und bleiben.</numerusform>
        </translation>
    </message>
    <message>
        <source>Leave without applying the changes to {0}?</source>
        <translation>Verlassen, ohne die Änderungen an {0} anzuwenden?</translation>
    </message>
    <message>
        <source>Volumes</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Services</source>
        <translation>Dienste</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>&amp;Private storage</source>
        <translation>&amp;Privater Speicherplatz</translation>
    </message>
    <message>
        <source>Syste&amp;m storage</source>
        <translation>Syste&amp;m-Speicherplatz</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Anwenden</translation>
    </message>
    <message>
        <source>{0}, {1}: {2}</source>
        <translation>{0}, {1}: {2}</translation>
    </message>
</context>
<context>
    <name>SharedTags</name>
    <message>
        <source>A tag for all of them</source>
        <translation>Ein Tag für alle</translation>
    </message>
    <message>
        <source>A&amp;dd</source>
        <translation>&amp;Hinzufügen</translation>
    </message>
    <message>
        <source>{0} ({1} of {2})</source>
        <translation>{0} ({1} von {2})</translation>
    </message>
    <message>
        <source>Shows who created the qube; it cannot be removed.</source>
        <translation>Sagt, wer den Qube angelegt hat; es bleibt.</translation>
    </message>
    <message>
        <source>The cross removes a tag from all of them.</source>
        <translation>Das Kreuz nimmt ein Tag von allen.</translation>
    </message>
    <message>
        <source>None of the qubes has a tag.</source>
        <translation>Keins der Qubes hat ein Tag.</translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Restore defaults</source>
        <translation>Zurücksetzen</translation>
    </message>
    <message>
        <source>{0} is used twice: for {1} and for {2}.</source>
        <translation>{0} ist zweimal belegt: für {1} und für {2}.</translation>
    </message>
</context>
<context>
    <name>ShutDown</name>
    <message>
        <source>Shut down this computer</source>
        <translation>Diesen Computer herunterfahren</translation>
    </message>
    <message>
        <source>Waits for: {0}</source>
        <translation>Wartet auf: {0}</translation>
    </message>
    <message>
        <source>the connection</source>
        <translation>die Verbindung</translation>
    </message>
    <message>
        <source>a restore or an import of another program</source>
        <translation>eine Wiederherstellung oder einen Import eines anderen Programms</translation>
    </message>
</context>
<context>
    <name>SidePages</name>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
    </message>
    <message>
        <source>{0}, has a fault</source>
        <translation>{0}, enthält einen Fehler</translation>
    </message>
    <message>
        <source>{0}, edited: {1}</source>
        <translation>{0}, geändert: {1}</translation>
    </message>
</context>
<context>
    <name>SidePane</name>
    <message>
        <source>Warnings</source>
        <translation>Warnungen</translation>
    </message>
    <message>
        <source>No loops, no path around a firewall.</source>
        <translation>Keine Kreise, nichts führt an einer Firewall vorbei.</translation>
    </message>
    <message numerus="yes">
        <source>and %n more, see the tree</source>
        <translation>
            <numerusform>und %n weitere, siehe den Baum</numerusform>
            <numerusform>und %n weitere, siehe den Baum</numerusform>
        </translation>
    </message>
    <message>
        <source>Drag a qube onto a net qube to connect it. With the keyboard: N, then the name. Ctrl and the wheel, + and - zoom, 0 shows all.</source>
        <translation>Ziehen Sie einen Qube auf einen Netz-Qube, um ihn zu verbinden. Mit der Tastatur: N, dann der Name. Strg und das Rad, + und - ändern die Größe, 0 zeigt alles.</translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s)</source>
        <translation>
            <numerusform>%n Qube</numerusform>
            <numerusform>%n Qubes</numerusform>
        </translation>
    </message>
    <message>
        <source>no qube</source>
        <translation>kein Qube</translation>
    </message>
    <message>
        <source>enforced by {0}</source>
        <translation>durchgesetzt von {0}</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Net qube</source>
        <translation>Netz-Qube</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>IP</source>
        <translation>IP</translation>
    </message>
    <message>
        <source>Firewall</source>
        <translation>Firewall</translation>
    </message>
    <message>
        <source>Used by</source>
        <translation>Genutzt von</translation>
    </message>
    <message>
        <source>Show it in the picture</source>
        <translation>Im Bild zeigen</translation>
    </message>
    <message>
        <source>Reconnect…</source>
        <translation>Neu verbinden …</translation>
    </message>
    <message>
        <source>Change…</source>
        <translation>Ändern …</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>Groups of qubes</source>
        <translation>Gruppen von Qubes</translation>
    </message>
    <message>
        <source>Qubes</source>
        <translation>Qubes</translation>
    </message>
    <message>
        <source>Saved views</source>
        <translation>Gespeicherte Ansichten</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>Laufende</translation>
    </message>
    <message>
        <source>Templates</source>
        <translation>Vorlagen</translation>
    </message>
    <message>
        <source>Disposables</source>
        <translation>Wegwerf-Qubes</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>Select these qubes</source>
        <translation>Diese Qubes auswählen</translation>
    </message>
    <message>
        <source>Forget this view</source>
        <translation>Diese Ansicht vergessen</translation>
    </message>
    <message>
        <source>By template</source>
        <translation>Nach Vorlage</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Tags</translation>
    </message>
    <message>
        <source>Net qubes</source>
        <translation>Netz-Qubes</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>Name prefixes</source>
        <translation>Namensanfänge</translation>
    </message>
    <message numerus="yes">
        <source>%n failed</source>
        <translation>
            <numerusform>%n fehlgeschlagen</numerusform>
            <numerusform>%n fehlgeschlagen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n old</source>
        <translation>
            <numerusform>%n alt</numerusform>
            <numerusform>%n alt</numerusform>
        </translation>
    </message>
    <message>
        <source>More</source>
        <translation>Mehr</translation>
    </message>
    <message>
        <source>Saved views, tags and other groups</source>
        <translation>Gespeicherte Ansichten, Tags und andere Gruppen</translation>
    </message>
    <message numerus="yes">
        <source>%n restart(s)</source>
        <translation>
            <numerusform>%n Neustart</numerusform>
            <numerusform>%n Neustarts</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SimpleFirewall</name>
    <message>
        <source>These rules have no simple shape: they are all in the full list, and can be edited there.</source>
        <translation>Diese Regeln haben keine einfache Form: Sie stehen alle in der vollständigen Liste und lassen sich dort bearbeiten.</translation>
    </message>
    <message>
        <source>Allow a&amp;ll connections</source>
        <translation>A&amp;lle Verbindungen erlauben</translation>
    </message>
    <message>
        <source>&amp;Deny all connections</source>
        <translation>Alle Verbin&amp;dungen verbieten</translation>
    </message>
    <message>
        <source>Allow onl&amp;y these:</source>
        <translation>Nur d&amp;iese erlauben:</translation>
    </message>
    <message>
        <source>Allowed destinations</source>
        <translation>Erlaubte Ziele</translation>
    </message>
    <message>
        <source>D&amp;NS</source>
        <translation>D&amp;NS</translation>
    </message>
    <message>
        <source>Pin&amp;g (ICMP)</source>
        <translation>Pin&amp;g (ICMP)</translation>
    </message>
    <message>
        <source>&amp;Add…</source>
        <translation>&amp;Hinzufügen …</translation>
    </message>
    <message>
        <source>&amp;Edit…</source>
        <translation>&amp;Bearbeiten …</translation>
    </message>
    <message>
        <source>&amp;Remove</source>
        <translation>&amp;Entfernen</translation>
    </message>
    <message>
        <source>New firewall rule</source>
        <translation>Neue Firewall-Regel</translation>
    </message>
    <message>
        <source>Edit firewall rule</source>
        <translation>Firewall-Regel bearbeiten</translation>
    </message>
</context>
<context>
    <name>SizeBox</name>
    <message>
        <source>A volume can only grow.</source>
        <translation>Ein Datenträger kann nur wachsen.</translation>
    </message>
</context>
<context>
    <name>Sizes</name>
    <message>
        <source>{0} GiB</source>
        <translation>{0} GiB</translation>
    </message>
    <message>
        <source>{0} MiB</source>
        <translation>{0} MiB</translation>
    </message>
    <message>
        <source>{0} s</source>
        <translation>{0} s</translation>
    </message>
    <message>
        <source>{0} %</source>
        <translation>{0} %</translation>
    </message>
    <message>
        <source>0 B</source>
        <translation>0 B</translation>
    </message>
    <message>
        <source>{0} h</source>
        <translation>{0} Std.</translation>
    </message>
    <message>
        <source>{0} min</source>
        <translation>{0} min</translation>
    </message>
</context>
<context>
    <name>SnapshotsBox</name>
    <message>
        <source>Snapshots</source>
        <translation>Schnappschüsse</translation>
    </message>
    <message>
        <source>List the snapshots</source>
        <translation>Schnappschüsse auflisten</translation>
    </message>
    <message>
        <source>Select a volume to see its snapshots.</source>
        <translation>Wählen Sie einen Datenträger, um seine Schnappschüsse zu sehen.</translation>
    </message>
    <message>
        <source>{0} has no snapshots. {1}</source>
        <translation>{0} hat keine Schnappschüsse. {1}</translation>
    </message>
    <message>
        <source>{0} has no snapshot yet.</source>
        <translation>{0} hat noch keinen Schnappschuss.</translation>
    </message>
    <message>
        <source>Reverting keeps the state before it as a snapshot too.</source>
        <translation>Beim Zurücksetzen bleibt auch der Stand davor als Schnappschuss erhalten.</translation>
    </message>
    <message>
        <source>Take a snapshot of {0}</source>
        <translation>Schnappschuss von {0} aufnehmen</translation>
    </message>
    <message>
        <source>Revert a volume</source>
        <translation>Datenträger zurücksetzen</translation>
    </message>
    <message>
        <source>Revert {0} to its state of {1}?</source>
        <translation>{0} auf den Stand von {1} zurücksetzen?</translation>
    </message>
    <message>
        <source>Revert</source>
        <translation>Zurücksetzen</translation>
    </message>
    <message>
        <source>Data written since then is removed from the volume, and kept as a snapshot.</source>
        <translation>Was seitdem geschrieben wurde, ist nicht mehr im Datenträger. Es bleibt als Schnappschuss erhalten.</translation>
    </message>
    <message>
        <source>Revert {0} to {1}</source>
        <translation>{0} auf {1} zurücksetzen</translation>
    </message>
    <message>
        <source>Revert to &amp;it…</source>
        <translation>Darauf &amp;zurücksetzen …</translation>
    </message>
    <message>
        <source>T&amp;ake a snapshot</source>
        <translation>Sch&amp;nappschuss aufnehmen</translation>
    </message>
</context>
<context>
    <name>SnapshotsPage</name>
    <message>
        <source>Snapshots</source>
        <translation>Schnappschüsse</translation>
    </message>
    <message>
        <source>Revert to &amp;it…</source>
        <translation>Darauf &amp;zurücksetzen …</translation>
    </message>
    <message>
        <source>List the snapshots</source>
        <translation>Schnappschüsse auflisten</translation>
    </message>
    <message>
        <source>There is no snapshot.</source>
        <translation>Es gibt keinen Schnappschuss.</translation>
    </message>
    <message>
        <source>{0} is running; a volume is reverted while its qube is halted.</source>
        <translation>{0} läuft; ein Datenträger wird zurückgesetzt, solange sein Qube ausgeschaltet ist.</translation>
    </message>
    <message>
        <source>Reverting keeps the state before it as a snapshot too.</source>
        <translation>Beim Zurücksetzen bleibt auch der Stand davor als Schnappschuss erhalten.</translation>
    </message>
    <message>
        <source>Revert a volume</source>
        <translation>Datenträger zurücksetzen</translation>
    </message>
    <message>
        <source>Revert {0} to its state of {1}?</source>
        <translation>{0} auf den Stand von {1} zurücksetzen?</translation>
    </message>
    <message>
        <source>Revert</source>
        <translation>Zurücksetzen</translation>
    </message>
    <message>
        <source>Data written since then is removed from the volume, and kept as a snapshot.</source>
        <translation>Was seitdem geschrieben wurde, ist nicht mehr im Datenträger. Es bleibt als Schnappschuss erhalten.</translation>
    </message>
    <message>
        <source>Revert {0} to {1}</source>
        <translation>{0} auf {1} zurücksetzen</translation>
    </message>
    <message>
        <source>Loading the snapshots…</source>
        <translation>Die Schnappschüsse werden geladen …</translation>
    </message>
</context>
<context>
    <name>StaleBanner</name>
    <message>
        <source>Try now</source>
        <translation>Jetzt versuchen</translation>
    </message>
    <message numerus="yes">
        <source>Trying again in %n s.</source>
        <translation>
            <numerusform>Neuer Versuch in %n s.</numerusform>
            <numerusform>Neuer Versuch in %n s.</numerusform>
        </translation>
    </message>
    <message>
        <source>Reconnecting…</source>
        <translation>Verbindet sich wieder …</translation>
    </message>
    <message>
        <source>The connection is lost, so what you see may be out of date.</source>
        <translation>Die Verbindung ist abgebrochen; was Sie sehen, kann veraltet sein.</translation>
    </message>
</context>
<context>
    <name>Status</name>
    <message numerus="yes">
        <source>%n qube(s)</source>
        <translation>
            <numerusform>%n Qube</numerusform>
            <numerusform>%n Qubes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n running</source>
        <translation>
            <numerusform>%n läuft</numerusform>
            <numerusform>%n laufen</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} of memory</source>
        <translation>{0} Speicher</translation>
    </message>
    <message numerus="yes">
        <source>%n task(s)</source>
        <translation>
            <numerusform>%n Aufgabe</numerusform>
            <numerusform>%n Aufgaben</numerusform>
        </translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>Aufgaben</translation>
    </message>
    <message numerus="yes">
        <source>%n old backup(s)</source>
        <translation>
            <numerusform>%n alte Sicherung</numerusform>
            <numerusform>%n alte Sicherungen</numerusform>
        </translation>
    </message>
    <message>
        <source>No backup in the last 30 days: {0}</source>
        <translation>Keine Sicherung in den letzten 30 Tagen: {0}</translation>
    </message>
    <message>
        <source>Backup failed: {0}</source>
        <translation>Sicherung fehlgeschlagen: {0}</translation>
    </message>
    <message>
        <source>The next attempt is at {0}.</source>
        <translation>Der nächste Versuch ist am {0}.</translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s) cannot be shown</source>
        <translation>
            <numerusform>%n Qube ist nicht darstellbar</numerusform>
            <numerusform>%n Qubes sind nicht darstellbar</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} of %n qube(s) shown</source>
        <translation>
            <numerusform>{0} von %n Qube gezeigt</numerusform>
            <numerusform>{0} von %n Qubes gezeigt</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>StepsWindow</name>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Step {0} of {1}</source>
        <translation>Schritt {0} von {1}</translation>
    </message>
    <message>
        <source>« &amp;Back</source>
        <translation>« &amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Next »</source>
        <translation>&amp;Weiter »</translation>
    </message>
</context>
<context>
    <name>StorageFacts</name>
    <message>
        <source>List the storage pools</source>
        <translation>Pools auflisten</translation>
    </message>
</context>
<context>
    <name>StorageRows</name>
    <message>
        <source>Pool</source>
        <translation>Pool</translation>
    </message>
    <message>
        <source>Driver</source>
        <translation>Treiber</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Used</source>
        <translation>Belegt</translation>
    </message>
    <message>
        <source>Qubes</source>
        <translation>Qubes</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>When the qube halts</source>
        <translation>Wenn der Qube endet</translation>
    </message>
    <message>
        <source>Taken</source>
        <translation>Aufgenommen</translation>
    </message>
    <message>
        <source>Id</source>
        <translation>Kennung</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keines</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Volume group</source>
        <translation>Datenträgergruppe</translation>
    </message>
    <message>
        <source>Thin pool</source>
        <translation>Thin-Pool</translation>
    </message>
    <message>
        <source>Snapshots kept of each volume</source>
        <translation>Behaltene Schnappschüsse je Datenträger</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>Problem</translation>
    </message>
    <message>
        <source>open</source>
        <translation>offen</translation>
    </message>
    <message>
        <source>missing</source>
        <translation>fehlt</translation>
    </message>
</context>
<context>
    <name>StorageWindow</name>
    <message>
        <source>Storage</source>
        <translation>Speicherplatz</translation>
    </message>
    <message>
        <source>&amp;Pools</source>
        <translation>&amp;Pools</translation>
    </message>
    <message>
        <source>&amp;Volumes</source>
        <translation>&amp;Datenträger</translation>
    </message>
    <message>
        <source>S&amp;napshots</source>
        <translation>S&amp;chnappschüsse</translation>
    </message>
    <message>
        <source>The connection is lost, so this may be out of date. Trying again.</source>
        <translation>Die Verbindung ist verloren: Das hier ist vielleicht alt. Sie wird immer wieder versucht.</translation>
    </message>
</context>
<context>
    <name>Strength</name>
    <message>
        <source>Very weak: guessed at once</source>
        <translation>Sehr schwach: sofort erraten</translation>
    </message>
    <message>
        <source>Fair: not for what must stay secret</source>
        <translation>Mäßig: nichts für Geheimes</translation>
    </message>
    <message>
        <source>Good</source>
        <translation>Gut</translation>
    </message>
    <message>
        <source>Strong</source>
        <translation>Stark</translation>
    </message>
    <message>
        <source>Weak: guessed in a moment by anyone who has the file</source>
        <translation>Schwach: in einem Augenblick erraten, wenn jemand die Datei hat</translation>
    </message>
</context>
<context>
    <name>Summary</name>
    <message>
        <source>Select a qube to see more of it.</source>
        <translation>Einen Qube auswählen, um mehr über ihn zu sehen.</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Disk</source>
        <translation>Platte</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>Netz</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Tags</translation>
    </message>
    <message numerus="yes">
        <source>CPU {0} % of %n processor(s)</source>
        <translation>
            <numerusform>CPU {0} % von %n Prozessor</numerusform>
            <numerusform>CPU {0} % von %n Prozessoren</numerusform>
        </translation>
    </message>
    <message>
        <source>Read the memory</source>
        <translation>Den Speicher abfragen</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>Dieser Rechner</translation>
    </message>
    <message numerus="yes">
        <source>Failed: %n backup(s)</source>
        <translation>
            <numerusform>Fehlgeschlagen: %n Sicherung</numerusform>
            <numerusform>Fehlgeschlagen: %n Sicherungen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>No backup in 30 days: %n qube(s)</source>
        <translation>
            <numerusform>Seit 30 Tagen ohne Sicherung: %n Qube</numerusform>
            <numerusform>Seit 30 Tagen ohne Sicherung: %n Qubes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Restart needed: %n qube(s)</source>
        <translation>
            <numerusform>Neustart nötig: %n Qube</numerusform>
            <numerusform>Neustart nötig: %n Qubes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Updates needed: %n qube(s)</source>
        <translation>
            <numerusform>Aktualisierung nötig: %n Qube</numerusform>
            <numerusform>Aktualisierung nötig: %n Qubes</numerusform>
        </translation>
    </message>
    <message>
        <source>Needs attention</source>
        <translation>Braucht Aufmerksamkeit</translation>
    </message>
    <message>
        <source>Nothing needs attention.</source>
        <translation>Nichts braucht Aufmerksamkeit.</translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s) selected</source>
        <translation>
            <numerusform>%n Qube ausgewählt</numerusform>
            <numerusform>%n Qubes ausgewählt</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>und %n weiterer</numerusform>
            <numerusform>und %n weitere</numerusform>
        </translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message numerus="yes">
        <source>%n of them running</source>
        <translation>
            <numerusform>davon läuft %n</numerusform>
            <numerusform>davon laufen %n</numerusform>
        </translation>
    </message>
    <message>
        <source>Memory {0} of {1}</source>
        <translation>Speicher {0} von {1}</translation>
    </message>
    <message>
        <source>Memory {0}</source>
        <translation>Speicher {0}</translation>
    </message>
</context>
<context>
    <name>SummaryPage</name>
    <message>
        <source>What will happen</source>
        <translation>Was geschehen wird</translation>
    </message>
    <message>
        <source>&amp;Pool:</source>
        <translation>&amp;Pool:</translation>
    </message>
    <message>
        <source>The chosen qubes take {0} at most.</source>
        <translation>Die gewählten Qubes brauchen höchstens {0}.</translation>
    </message>
    <message>
        <source>Left out: {0}.</source>
        <translation>Ausgelassen: {0}.</translation>
    </message>
    <message>
        <source>The choice of qubes has a problem: go back.</source>
        <translation>Mit der Auswahl der Qubes stimmt etwas nicht: gehen Sie zurück.</translation>
    </message>
    <message>
        <source>dom0&apos;s own configuration</source>
        <translation>Eigene Konfiguration von dom0</translation>
    </message>
    <message>
        <source>Nothing is chosen.</source>
        <translation>Nichts ist gewählt.</translation>
    </message>
    <message>
        <source>&amp;Assign the devices of these qubes again</source>
        <translation>Die &amp;Geräte dieser Qubes wieder zuweisen</translation>
    </message>
    <message>
        <source>A device is identified by its backend and its port, so on another machine it may be a different device. Assignments that would give a qube more than before are not restored; the report names them.</source>
        <translation>Ein Gerät ist an seinem Backend und seinem Anschluss zu erkennen; auf einem anderen Rechner kann es also ein anderes Gerät sein. Zuweisungen, die einem Qube mehr gäben als zuvor, werden nicht wiederhergestellt; der Bericht nennt sie.</translation>
    </message>
    <message>
        <source>dom0&apos;s own configuration in this backup. Only the items that you tick are restored.</source>
        <translation>Die eigene Konfiguration von dom0 in dieser Sicherung. Wiederhergestellt wird nur, was Sie ankreuzen.</translation>
    </message>
    <message>
        <source>{0}: does not exist here; it is added.</source>
        <translation>{0}: gibt es hier nicht; kommt hinzu.</translation>
    </message>
    <message>
        <source>{0}: is different here; it is replaced.</source>
        <translation>{0}: ist hier anders; wird ersetzt.</translation>
    </message>
    <message>
        <source>It is unpacked into a new folder home-restore-… in the home of dom0's user. Nothing is overwritten.</source>
        <translation>Es wird in einen neuen Ordner home-restore-… im Home-Verzeichnis des Benutzers von dom0 entpackt. Nichts wird überschrieben.</translation>
    </message>
    <message>
        <source>Unpack the &amp;home of dom0 (at most {0})</source>
        <translation>Das &amp;Home von dom0 entpacken (höchstens {0})</translation>
    </message>
    <message numerus="yes">
        <source>Unpack the &amp;home of dom0 (%n file(s), at most {0})</source>
        <translation>
            <numerusform>Das &amp;Home von dom0 entpacken (%n Datei, höchstens {0})</numerusform>
            <numerusform>Das &amp;Home von dom0 entpacken (%n Dateien, höchstens {0})</numerusform>
        </translation>
    </message>
    <message>
        <source>All qubes appear at the end, at the same time. Nothing that exists is changed.</source>
        <translation>Alle Qubes erscheinen am Ende, zur selben Zeit. Nichts Vorhandenes wird geändert.</translation>
    </message>
    <message>
        <source>The pool {0} has only {1} free.</source>
        <translation>Der Pool {0} hat nur {1} frei.</translation>
    </message>
</context>
<context>
    <name>SystemWindow</name>
    <message>
        <source>System-wide settings</source>
        <translation>Systemweite Einstellungen</translation>
    </message>
    <message>
        <source>Properties</source>
        <translation>Eigenschaften</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>Load the system-wide settings</source>
        <translation>Nach den systemweiten Einstellungen fragen</translation>
    </message>
    <message>
        <source>Apply the system-wide settings</source>
        <translation>Die systemweiten Einstellungen anwenden</translation>
    </message>
    <message>
        <source>{0} was refused: {1}</source>
        <translation>{0} wurde abgelehnt: {1}</translation>
    </message>
    <message numerus="yes">
        <source>%n change(s) before it were made and stay.</source>
        <translation>
            <numerusform>%n Änderung davor wurde gemacht und bleibt.</numerusform>
            <numerusform>%n Änderungen davor wurden gemacht und bleiben.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>TagsPage</name>
    <message>
        <source>&amp;Add</source>
        <translation>&amp;Hinzufügen</translation>
    </message>
    <message>
        <source>&amp;Remove</source>
        <translation>&amp;Entfernen</translation>
    </message>
    <message>
        <source>New tag</source>
        <translation>Neues Tag</translation>
    </message>
    <message>
        <source>A&amp;dd</source>
        <translation>Hin&amp;zufügen</translation>
    </message>
    <message>
        <source>Features</source>
        <translation>Features</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Tags</translation>
    </message>
    <message>
        <source>Shows who created the qube; it cannot be removed.</source>
        <translation>Sagt, wer den Qube angelegt hat; es bleibt.</translation>
    </message>
    <message>
        <source>A feature&apos;s name holds letters, digits and . _ -, and starts with none of . and -</source>
        <translation>Der Name eines Features besteht aus Buchstaben, Ziffern und . _ - und beginnt nicht mit . oder -</translation>
    </message>
    <message>
        <source>The qube has no tags.</source>
        <translation>Der Qube hat keine Tags.</translation>
    </message>
    <message>
        <source>Neither the qube nor its template has features. Programs in dom0 and in the qube read them.</source>
        <translation>Weder der Qube noch seine Vorlage hat Features. Programme in dom0 und im Qube lesen sie.</translation>
    </message>
    <message>
        <source>New feature, such as gui</source>
        <translation>Neues Feature, etwa gui</translation>
    </message>
    <message>
        <source>New feature</source>
        <translation>Neues Feature</translation>
    </message>
    <message>
        <source>Select a feature that is set on the qube itself.</source>
        <translation>Wählen Sie ein Feature, das am Qube selbst gesetzt ist.</translation>
    </message>
    <message>
        <source>A tag holds letters, digits, _ and -, and does not start with created-by-</source>
        <translation>Ein Tag besteht aus Buchstaben, Ziffern, _ und - und beginnt nicht mit created-by-</translation>
    </message>
    <message>
        <source>Services have their own page.</source>
        <translation>Dienste haben eine eigene Seite.</translation>
    </message>
</context>
<context>
    <name>TargetPage</name>
    <message>
        <source>Where and how</source>
        <translation>Wohin und wie</translation>
    </message>
    <message>
        <source>Bro&amp;wse…</source>
        <translation>Durch&amp;suchen …</translation>
    </message>
    <message>
        <source>gzip: read by every Qubes OS</source>
        <translation>gzip: liest jedes Qubes OS</translation>
    </message>
    <message>
        <source>zstd: smaller and faster</source>
        <translation>zstd: kleiner und schneller</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>&amp;Read all of it again when it is written</source>
        <translation>Danach alles noch einmal &amp;lesen</translation>
    </message>
    <message>
        <source>Remove &amp;older backups of this profile</source>
        <translation>&amp;Ältere Sicherungen dieses Profils entfernen</translation>
    </message>
    <message>
        <source>Every hour</source>
        <translation>Jede Stunde</translation>
    </message>
    <message>
        <source>Every day at</source>
        <translation>Jeden Tag um</translation>
    </message>
    <message>
        <source>Every week on</source>
        <translation>Jede Woche am</translation>
    </message>
    <message>
        <source>Every month on the</source>
        <translation>Jeden Monat am</translation>
    </message>
    <message>
        <source>Monday</source>
        <translation>Montag</translation>
    </message>
    <message>
        <source>Tuesday</source>
        <translation>Dienstag</translation>
    </message>
    <message>
        <source>Wednesday</source>
        <translation>Mittwoch</translation>
    </message>
    <message>
        <source>Thursday</source>
        <translation>Donnerstag</translation>
    </message>
    <message>
        <source>Friday</source>
        <translation>Freitag</translation>
    </message>
    <message>
        <source>Saturday</source>
        <translation>Samstag</translation>
    </message>
    <message>
        <source>Sunday</source>
        <translation>Sonntag</translation>
    </message>
    <message>
        <source>&amp;To:</source>
        <translation>&amp;Nach:</translation>
    </message>
    <message>
        <source>&amp;Folder or file:</source>
        <translation>&amp;Ordner oder Datei:</translation>
    </message>
    <message>
        <source>&amp;Compression:</source>
        <translation>&amp;Kompression:</translation>
    </message>
    <message>
        <source>Afterwards:</source>
        <translation>Danach:</translation>
    </message>
    <message>
        <source>the last</source>
        <translation>die letzten</translation>
    </message>
    <message>
        <source>days</source>
        <translation>Tage</translation>
    </message>
    <message>
        <source>weeks</source>
        <translation>Wochen</translation>
    </message>
    <message>
        <source>months</source>
        <translation>Monate</translation>
    </message>
    <message>
        <source>Keep of them:</source>
        <translation>Davon bleiben:</translation>
    </message>
    <message>
        <source>&amp;Schedule:</source>
        <translation>Ze&amp;itplan:</translation>
    </message>
    <message>
        <source>Day of the week</source>
        <translation>Wochentag</translation>
    </message>
    <message>
        <source>Day of the month</source>
        <translation>Tag des Monats</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Uhrzeit</translation>
    </message>
    <message>
        <source>A folder of dom0</source>
        <translation>Ein Ordner von dom0</translation>
    </message>
    <message>
        <source>The qube {0}</source>
        <translation>Der Qube {0}</translation>
    </message>
    <message>
        <source>This profile runs a command, which only root sets, in the profile&apos;s file; run it as it is.</source>
        <translation>Dieses Profil führt einen Befehl aus, den nur root in der Datei des Profils setzt; führen Sie es aus, wie es ist.</translation>
    </message>
    <message>
        <source>Choose where the backup goes.</source>
        <translation>Sagen Sie, wohin die Sicherung soll.</translation>
    </message>
    <message>
        <source>The folder begins with /, and has no .. in it.</source>
        <translation>Der Ordner beginnt mit / und enthält kein ..</translation>
    </message>
    <message>
        <source>The folder&apos;s name holds a character that cannot be shown.</source>
        <translation>Der Name des Ordners enthält ein Zeichen, das sich nicht zeigen lässt.</translation>
    </message>
    <message>
        <source>The qube gets the file through its qubes.Backup service. It is encrypted before it leaves dom0.</source>
        <translation>Der Qube bekommt die Datei durch seinen Dienst qubes.Backup. Sie ist verschlüsselt, ehe sie dom0 verlässt.</translation>
    </message>
    <message>
        <source>A folder gets a new file each time; nothing is ever overwritten.</source>
        <translation>Ein Ordner bekommt jedes Mal eine neue Datei; nichts wird je überschrieben.</translation>
    </message>
    <message>
        <source>Older backups are removed only once a new one has been verified.</source>
        <translation>Ältere Sicherungen werden erst entfernt, wenn eine neue geprüft ist.</translation>
    </message>
    <message>
        <source>A folder for backups</source>
        <translation>Ein Ordner für Sicherungen</translation>
    </message>
    <message>
        <source>every hour</source>
        <translation>jede Stunde</translation>
    </message>
    <message>
        <source>every day at {0}</source>
        <translation>jeden Tag um {0}</translation>
    </message>
    <message>
        <source>every {0} at {1}</source>
        <translation>jeden {0} um {1}</translation>
    </message>
    <message>
        <source>on day {0} of each month at {1}</source>
        <translation>am {0}. jedes Monats um {1}</translation>
    </message>
    <message>
        <source>Only when you start it</source>
        <translation>Nur wenn jemand es verlangt</translation>
    </message>
</context>
<context>
    <name>TargetView</name>
    <message>
        <source>Qubes</source>
        <translation>Qubes</translation>
    </message>
</context>
<context>
    <name>TaskModel</name>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>Abgebrochen</translation>
    </message>
    <message>
        <source>Operation</source>
        <translation>Vorgang</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Stand</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Started</source>
        <translation>Begonnen</translation>
    </message>
    <message>
        <source>Took</source>
        <translation>Dauer</translation>
    </message>
    <message>
        <source>Waiting for its turn</source>
        <translation>Wartet, bis es an der Reihe ist</translation>
    </message>
</context>
<context>
    <name>TasksPanel</name>
    <message>
        <source>Tasks</source>
        <translation>Aufgaben</translation>
    </message>
    <message>
        <source>Cance&amp;l task</source>
        <translation>Aufgabe ab&amp;brechen</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Select a running task to cancel it.</source>
        <translation>Wählen Sie eine laufende Aufgabe aus, um sie abzubrechen.</translation>
    </message>
    <message>
        <source>Clear histor&amp;y</source>
        <translation>&amp;Verlauf leeren</translation>
    </message>
</context>
<context>
    <name>Tester</name>
    <message>
        <source>Rules about this call</source>
        <translation>Regeln zu diesem Aufruf</translation>
    </message>
    <message>
        <source>Ask the policy</source>
        <translation>Die Richtlinie fragen</translation>
    </message>
    <message>
        <source>What would happen?</source>
        <translation>Was würde geschehen?</translation>
    </message>
    <message>
        <source>From</source>
        <translation>Von</translation>
    </message>
    <message>
        <source>call</source>
        <translation>Aufruf</translation>
    </message>
    <message>
        <source>argument</source>
        <translation>Argument</translation>
    </message>
    <message>
        <source>to</source>
        <translation>an</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>Decided by {0}</source>
        <translation>Entschieden von {0}</translation>
    </message>
    <message>
        <source>checked with the unsaved changes</source>
        <translation>mit den ungespeicherten Änderungen geprüft</translation>
    </message>
    <message>
        <source>What may {0} do?</source>
        <translation>Was darf {0}?</translation>
    </message>
    <message>
        <source>Rules about this call in all files that are read.</source>
        <translation>Eine Regel zu diesem Aufruf entscheidet anders, in irgendeiner gelesenen Datei.</translation>
    </message>
    <message>
        <source>For another answer: change {0}, or put a rule above it.</source>
        <translation>Für eine andere Antwort: {0} ändern oder eine Regel darüber setzen.</translation>
    </message>
    <message>
        <source>Without it, no rule matches, and the answer is Deny.</source>
        <translation>Ohne sie passt keine Regel, und die Antwort ist Ablehnen.</translation>
    </message>
    <message>
        <source>Without it, {0} decides.</source>
        <translation>Ohne sie entscheidet {0}.</translation>
    </message>
</context>
<context>
    <name>Timeline</name>
    <message>
        <source>When</source>
        <translation>Wann</translation>
    </message>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>What</source>
        <translation>Was</translation>
    </message>
    <message>
        <source>Was</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>Is</source>
        <translation>Nachher</translation>
    </message>
    <message>
        <source>By</source>
        <translation>Wer</translation>
    </message>
    <message>
        <source>Properties</source>
        <translation>Eigenschaften</translation>
    </message>
    <message>
        <source>Firewall</source>
        <translation>Firewall</translation>
    </message>
    <message>
        <source>Features</source>
        <translation>Features</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Tags</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>Storage</source>
        <translation>Speicherplatz</translation>
    </message>
    <message>
        <source>Created and removed</source>
        <translation>Angelegt und entfernt</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>Feature {0}</source>
        <translation>Feature {0}</translation>
    </message>
    <message>
        <source>Tag {0}</source>
        <translation>Tag {0}</translation>
    </message>
    <message>
        <source>Device ({0})</source>
        <translation>Gerät ({0})</translation>
    </message>
    <message>
        <source>Volume {0}</source>
        <translation>Datenträger {0}</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>Angelegt</translation>
    </message>
    <message>
        <source>Removed</source>
        <translation>Entfernt</translation>
    </message>
    <message>
        <source>Label {0}</source>
        <translation>Label {0}</translation>
    </message>
    <message>
        <source>Pool {0}</source>
        <translation>Pool {0}</translation>
    </message>
    <message>
        <source>System</source>
        <translation>System</translation>
    </message>
    <message>
        <source>the daemon</source>
        <translation>der Dienst</translation>
    </message>
    <message>
        <source>another qube</source>
        <translation>ein anderer Qube</translation>
    </message>
    <message>
        <source>{0}, a qube</source>
        <translation>{0}, ein Qube</translation>
    </message>
    <message>
        <source>set</source>
        <translation>gesetzt</translation>
    </message>
    <message>
        <source>not set</source>
        <translation>nicht gesetzt</translation>
    </message>
    <message numerus="yes">
        <source>%n rule(s)</source>
        <translation>
            <numerusform>%n Regel</numerusform>
            <numerusform>%n Regeln</numerusform>
        </translation>
    </message>
    <message>
        <source>empty</source>
        <translation>leer</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>ja</translation>
    </message>
    <message>
        <source>no</source>
        <translation>nein</translation>
    </message>
    <message>
        <source>on {0}</source>
        <translation>mit Vorlage {0}</translation>
    </message>
    <message>
        <source>{0} attached</source>
        <translation>{0} verbunden</translation>
    </message>
    <message>
        <source>{0} assigned</source>
        <translation>{0} zugewiesen</translation>
    </message>
    <message>
        <source>{0} snapshots kept</source>
        <translation>Schnappschüsse, die bleiben: {0}</translation>
    </message>
    <message>
        <source>writable</source>
        <translation>beschreibbar</translation>
    </message>
    <message>
        <source>read-only</source>
        <translation>nur lesbar</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>Heute</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>Gestern</translation>
    </message>
    <message>
        <source>Can be reverted</source>
        <translation>Lässt sich zurücknehmen</translation>
    </message>
    <message numerus="yes">
        <source>%n change(s)</source>
        <translation>
            <numerusform>%n Änderung</numerusform>
            <numerusform>%n Änderungen</numerusform>
        </translation>
    </message>
    <message>
        <source>Call</source>
        <translation>Aufruf</translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s)</source>
        <translation>
            <numerusform>%n Qube</numerusform>
            <numerusform>%n Qubes</numerusform>
        </translation>
    </message>
    <message>
        <source>different</source>
        <translation>verschieden</translation>
    </message>
</context>
<context>
    <name>TimelineFeed</name>
    <message>
        <source>Load the changes</source>
        <translation>Nach den Änderungen fragen</translation>
    </message>
</context>
<context>
    <name>TimelinePage</name>
    <message>
        <source>Timeline</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>There is no connection.</source>
        <translation>Es besteht keine Verbindung.</translation>
    </message>
    <message>
        <source>Revert…</source>
        <translation>Zurücknehmen …</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>Search: qube, property, value ({0})</source>
        <translation>Suchen: Qube, Eigenschaft, Wert ({0})</translation>
    </message>
    <message>
        <source>Search the changes</source>
        <translation>Änderungen durchsuchen</translation>
    </message>
    <message>
        <source>All kinds</source>
        <translation>Alle Arten</translation>
    </message>
    <message>
        <source>Any source</source>
        <translation>Von allen</translation>
    </message>
    <message>
        <source>By dom0</source>
        <translation>Von dom0</translation>
    </message>
    <message>
        <source>By qubes</source>
        <translation>Von Qubes</translation>
    </message>
    <message>
        <source>By the daemon</source>
        <translation>Vom Dienst</translation>
    </message>
    <message>
        <source>Changes of the qube</source>
        <translation>Änderungen des Qubes</translation>
    </message>
    <message>
        <source>Changes of the kind</source>
        <translation>Änderungen der Art</translation>
    </message>
    <message>
        <source>Changes by the source</source>
        <translation>Änderungen von</translation>
    </message>
    <message>
        <source>Kept for 30 days, at most 10,000 changes. Starts and shutdowns are in the logs of each qube.</source>
        <translation>30 Tage aufbewahrt, höchstens 10.000 Änderungen. Wann ein Qube startete und herunterfuhr, steht in seinen Protokollen.</translation>
    </message>
    <message numerus="yes">
        <source>More than %n change(s)</source>
        <translation>
            <numerusform>Mehr als %n Änderung</numerusform>
            <numerusform>Mehr als %n Änderungen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n change(s)</source>
        <translation>
            <numerusform>%n Änderung</numerusform>
            <numerusform>%n Änderungen</numerusform>
        </translation>
    </message>
    <message>
        <source>The history cannot be shown</source>
        <translation>Der Verlauf lässt sich nicht zeigen</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>Loading the changes…</source>
        <translation>Die Änderungen werden geladen …</translation>
    </message>
    <message>
        <source>Nothing has changed yet</source>
        <translation>Noch hat sich nichts geändert</translation>
    </message>
    <message>
        <source>Each change is listed here.</source>
        <translation>Hier steht jede Änderung.</translation>
    </message>
    <message>
        <source>No change matches</source>
        <translation>Keine Änderung passt</translation>
    </message>
    <message>
        <source>Show all changes</source>
        <translation>Alle Änderungen zeigen</translation>
    </message>
    <message>
        <source>All qubes</source>
        <translation>Alle Qubes</translation>
    </message>
    <message>
        <source>Select a change.</source>
        <translation>Wählen Sie eine Änderung aus.</translation>
    </message>
    <message>
        <source>Show what reverting it does</source>
        <translation>Zeigen, was das Zurücknehmen bewirkt</translation>
    </message>
    <message>
        <source>Only changes of this qube</source>
        <translation>Nur Änderungen dieses Qubes</translation>
    </message>
    <message>
        <source>Export the timeline</source>
        <translation>Den Verlauf exportieren</translation>
    </message>
    <message>
        <source>timeline.csv</source>
        <translation>verlauf.csv</translation>
    </message>
    <message>
        <source>Last 30 days</source>
        <translation>Letzte 30 Tage</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>Letzte 7 Tage</translation>
    </message>
    <message>
        <source>Last 24 hours</source>
        <translation>Letzte 24 Stunden</translation>
    </message>
    <message>
        <source>Changes of the period</source>
        <translation>Änderungen des Zeitraums</translation>
    </message>
</context>
<context>
    <name>TimelineWindow</name>
    <message>
        <source>History of {0}</source>
        <translation>Verlauf von {0}</translation>
    </message>
</context>
<context>
    <name>Times</name>
    <message>
        <source>yesterday {0}</source>
        <translation>gestern {0}</translation>
    </message>
    <message>
        <source>today {0}</source>
        <translation>heute {0}</translation>
    </message>
    <message>
        <source>tomorrow {0}</source>
        <translation>morgen {0}</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>No devices</source>
        <translation>Keine Geräte</translation>
    </message>
    <message>
        <source>All &amp;devices…</source>
        <translation>Alle &amp;Geräte …</translation>
    </message>
    <message>
        <source>&amp;Start a qube…</source>
        <translation>Qube &amp;starten …</translation>
    </message>
    <message>
        <source>&amp;Notifications</source>
        <translation>&amp;Benachrichtigungen</translation>
    </message>
    <message>
        <source>Open Qubes &amp;Manager</source>
        <translation>Qubes &amp;Manager öffnen</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>B&amp;eenden</translation>
    </message>
    <message>
        <source>{0} · {1} % · {2}</source>
        <translation>{0} · {1} % · {2}</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>Qubes Devices</source>
        <translation>Qubes-Geräte</translation>
    </message>
    <message numerus="yes">
        <source>%n device(s) attached</source>
        <translation>
            <numerusform>%n Gerät verbunden</numerusform>
            <numerusform>%n Geräte verbunden</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n new</source>
        <translation>
            <numerusform>%n neu</numerusform>
            <numerusform>%n neue</numerusform>
        </translation>
    </message>
    <message>
        <source>no connection</source>
        <translation>keine Verbindung</translation>
    </message>
    <message>
        <source>Attach a device</source>
        <translation>Gerät verbinden</translation>
    </message>
    <message>
        <source>It is assigned to this qube, and attached only if you agree.</source>
        <translation>Es ist diesem Qube zugewiesen und wird nur verbunden, wenn Sie zustimmen.</translation>
    </message>
    <message>
        <source>&amp;Attach</source>
        <translation>&amp;Verbinden</translation>
    </message>
    <message>
        <source>Detach {0}</source>
        <translation>Trennen: {0}</translation>
    </message>
    <message>
        <source>Waiting for the connection…</source>
        <translation>Wartet auf die Verbindung …</translation>
    </message>
    <message>
        <source>No connection: this may be out of date</source>
        <translation>Keine Verbindung: Diese Angaben können veraltet sein</translation>
    </message>
</context>
<context>
    <name>TrayWindow</name>
    <message>
        <source>Qubes Devices</source>
        <translation>Qubes-Geräte</translation>
    </message>
    <message>
        <source>&amp;Devices</source>
        <translation>&amp;Geräte</translation>
    </message>
    <message>
        <source>&amp;Qubes</source>
        <translation>&amp;Qubes</translation>
    </message>
    <message>
        <source>Notifications and more</source>
        <translation>Benachrichtigungen und mehr</translation>
    </message>
    <message>
        <source>{0}: {1}</source>
        <translation>{0}: {1}</translation>
    </message>
    <message>
        <source>The connection is lost; trying again: {0}</source>
        <translation>Die Verbindung ist abgebrochen und wird wieder versucht: {0}</translation>
    </message>
</context>
<context>
    <name>UpdateRows</name>
    <message>
        <source>No longer supported</source>
        <translation>Nicht mehr unterstützt</translation>
    </message>
    <message>
        <source>Updates available</source>
        <translation>Aktualisierungen verfügbar</translation>
    </message>
    <message>
        <source>Not checked for long</source>
        <translation>Lange nicht geprüft</translation>
    </message>
    <message>
        <source>Never checked</source>
        <translation>Nie geprüft</translation>
    </message>
    <message>
        <source>Up to date</source>
        <translation>Aktuell</translation>
    </message>
    <message>
        <source>Left out of updates</source>
        <translation>Von Aktualisierungen ausgenommen</translation>
    </message>
    <message>
        <source>its distribution gets no updates since {0}</source>
        <translation>seine Distribution erhält seit {0} keine Aktualisierungen</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>nicht bekannt</translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s)</source>
        <translation>
            <numerusform>%n Qube</numerusform>
            <numerusform>%n Qubes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s) behind it restart too</source>
        <translation>
            <numerusform>%n Qube dahinter startet auch neu</numerusform>
            <numerusform>%n Qubes dahinter starten auch neu</numerusform>
        </translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>Qube</source>
        <translation>Qube</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>Klasse</translation>
    </message>
    <message>
        <source>Updates</source>
        <translation>Updates</translation>
    </message>
    <message>
        <source>Last check</source>
        <translation>Letzte Prüfung</translation>
    </message>
    <message>
        <source>Last update</source>
        <translation>Letzte Aktualisierung</translation>
    </message>
    <message>
        <source>To restart</source>
        <translation>Neu zu starten</translation>
    </message>
    <message>
        <source>Updated in</source>
        <translation>Aktualisiert in</translation>
    </message>
    <message>
        <source>Net qube</source>
        <translation>Netz-Qube</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>What a restart means</source>
        <translation>Was ein Neustart bedeutet</translation>
    </message>
    <message numerus="yes">
        <source>%n with updates</source>
        <translation>
            <numerusform>%n mit Aktualisierungen</numerusform>
            <numerusform>%n mit Aktualisierungen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n not checked for long</source>
        <translation>
            <numerusform>%n lange nicht geprüft</numerusform>
            <numerusform>%n lange nicht geprüft</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n no longer supported</source>
        <translation>
            <numerusform>%n nicht mehr unterstützt</numerusform>
            <numerusform>%n nicht mehr unterstützt</numerusform>
        </translation>
    </message>
    <message>
        <source>template updated</source>
        <translation>Vorlage aktualisiert</translation>
    </message>
    <message>
        <source>changed: {0}</source>
        <translation>geändert: {0}</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Warum</translation>
    </message>
</context>
<context>
    <name>UpdatesPage</name>
    <message>
        <source>Updates</source>
        <translation>Updates</translation>
    </message>
    <message>
        <source>Templates and standalone qubes</source>
        <translation>Vorlagen und eigenständige Qubes</translation>
    </message>
    <message>
        <source>Qubes to restart</source>
        <translation>Neu zu startende Qubes</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>Update all</source>
        <translation>Alle aktualisieren</translation>
    </message>
    <message>
        <source>Restart…</source>
        <translation>Neu starten …</translation>
    </message>
    <message>
        <source>Restart all…</source>
        <translation>Alle neu starten …</translation>
    </message>
    <message>
        <source>Search qubes ({0})</source>
        <translation>Qubes suchen ({0})</translation>
    </message>
    <message>
        <source>Search qubes</source>
        <translation>Qubes suchen</translation>
    </message>
    <message numerus="yes">
        <source>%n qube(s)</source>
        <translation>
            <numerusform>%n Qube</numerusform>
            <numerusform>%n Qubes</numerusform>
        </translation>
    </message>
    <message>
        <source>There is no template and no standalone qube.</source>
        <translation>Es gibt keine Vorlage und keinen eigenständigen Qube.</translation>
    </message>
    <message>
        <source>Nothing to update</source>
        <translation>Nichts zu aktualisieren</translation>
    </message>
    <message>
        <source>Reading the qubes…</source>
        <translation>Die Qubes werden gelesen …</translation>
    </message>
    <message>
        <source>Select a template or standalone qube first.</source>
        <translation>Wählen Sie zuerst eine Vorlage oder einen eigenständigen Qube.</translation>
    </message>
    <message>
        <source>No qube needs an update.</source>
        <translation>Kein Qube braucht eine Aktualisierung.</translation>
    </message>
    <message>
        <source>Select a qube to restart first.</source>
        <translation>Wählen Sie zuerst einen neu zu startenden Qube.</translation>
    </message>
    <message>
        <source>No qube has to be restarted.</source>
        <translation>Kein Qube muss neu gestartet werden.</translation>
    </message>
    <message>
        <source>Updates cannot be started here: {0} of Qubes OS is not installed.</source>
        <translation>Aktualisierungen lassen sich hier nicht starten: {0} von Qubes OS ist nicht installiert.</translation>
    </message>
    <message>
        <source>There is no connection.</source>
        <translation>Es gibt keine Verbindung.</translation>
    </message>
    <message>
        <source>{0}: {1}.</source>
        <translation>{0}: {1}.</translation>
    </message>
    <message>
        <source>A restart shows its plan first: clients halt before their net qubes and start after them.</source>
        <translation>Ein Neustart zeigt zuerst seinen Plan: Clients halten vor ihren Netz-Qubes und starten nach ihnen.</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>Einstellungen …</translation>
    </message>
    <message>
        <source>No running qube needs a restart.</source>
        <translation>Kein laufender Qube muss neu gestartet werden.</translation>
    </message>
    <message>
        <source>Restart needed</source>
        <translation>Neustart nötig</translation>
    </message>
</context>
<context>
    <name>UsageWatch</name>
    <message>
        <source>Measure the storage pools</source>
        <translation>Die Pools messen</translation>
    </message>
</context>
<context>
    <name>VmAction</name>
    <message>
        <source>&amp;Start</source>
        <translation>&amp;Starten</translation>
    </message>
    <message>
        <source>&amp;Pause</source>
        <translation>&amp;Anhalten</translation>
    </message>
    <message>
        <source>&amp;Unpause</source>
        <translation>Fortset&amp;zen</translation>
    </message>
    <message>
        <source>S&amp;hut down</source>
        <translation>&amp;Herunterfahren</translation>
    </message>
    <message>
        <source>&amp;Restart</source>
        <translation>&amp;Neu starten</translation>
    </message>
    <message>
        <source>S&amp;ettings…</source>
        <translation>&amp;Einstellungen …</translation>
    </message>
    <message>
        <source>&amp;Devices…</source>
        <translation>&amp;Geräte …</translation>
    </message>
    <message>
        <source>N&amp;otes…</source>
        <translation>N&amp;otizen …</translation>
    </message>
    <message>
        <source>&amp;Logs</source>
        <translation>&amp;Protokolle</translation>
    </message>
    <message>
        <source>Rena&amp;me…</source>
        <translation>&amp;Umbenennen …</translation>
    </message>
    <message>
        <source>&amp;Clone…</source>
        <translation>&amp;Klonen …</translation>
    </message>
    <message>
        <source>&amp;Kill…</source>
        <translation>Hart been&amp;den …</translation>
    </message>
    <message>
        <source>&amp;Attach a device…</source>
        <translation>Gerät &amp;verbinden …</translation>
    </message>
    <message>
        <source>Ru&amp;n a command…</source>
        <translation>&amp;Befehl ausführen …</translation>
    </message>
    <message>
        <source>Open a term&amp;inal</source>
        <translation>Ter&amp;minal öffnen</translation>
    </message>
    <message>
        <source>Suspend</source>
        <translation>Schlafen legen</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Aufwecken</translation>
    </message>
    <message>
        <source>H&amp;istory of this qube</source>
        <translation>Verlauf d&amp;ieses Qubes</translation>
    </message>
    <message>
        <source>Fire&amp;wall…</source>
        <translation>Fire&amp;wall …</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>Remove…</source>
        <translation>Entfernen …</translation>
    </message>
    <message>
        <source>Make a mana&amp;ger…</source>
        <translation>Zum Ver&amp;walter machen …</translation>
    </message>
    <message>
        <source>A&amp;pplications…</source>
        <translation>Anwendun&amp;gen …</translation>
    </message>
</context>
<context>
    <name>VmTable</name>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Startet</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Suspended</source>
        <translation>Schläft</translation>
    </message>
    <message>
        <source>Shutting down</source>
        <translation>Fährt herunter</translation>
    </message>
    <message>
        <source>Ending</source>
        <translation>Endet</translation>
    </message>
    <message>
        <source>Crashed</source>
        <translation>Abgestürzt</translation>
    </message>
    <message>
        <source>Halted</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>Unknown</source>
        <translation>Unbekannt</translation>
    </message>
    <message numerus="yes">
        <source>%n year(s) ago</source>
        <translation>
            <numerusform>vor %n Jahr</numerusform>
            <numerusform>vor %n Jahren</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n month(s) ago</source>
        <translation>
            <numerusform>vor %n Monat</numerusform>
            <numerusform>vor %n Monaten</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s) ago</source>
        <translation>
            <numerusform>vor %n Tag</numerusform>
            <numerusform>vor %n Tagen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n h ago</source>
        <translation>
            <numerusform>vor %n Std.</numerusform>
            <numerusform>vor %n Std.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n min ago</source>
        <translation>
            <numerusform>vor %n Min.</numerusform>
            <numerusform>vor %n Min.</numerusform>
        </translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>Klasse</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>Net qube</source>
        <translation>Netz-Qube</translation>
    </message>
    <message>
        <source>IP</source>
        <translation>IP</translation>
    </message>
    <message>
        <source>Backup</source>
        <translation>Sichern</translation>
    </message>
    <message>
        <source>Last backup</source>
        <translation>Letzte Sicherung</translation>
    </message>
    <message>
        <source>Internal</source>
        <translation>Intern</translation>
    </message>
    <message>
        <source>Default disposable</source>
        <translation>Wegwerf-Vorgabe</translation>
    </message>
    <message>
        <source>Disposable template</source>
        <translation>Wegwerf-Vorlage</translation>
    </message>
    <message>
        <source>Virt mode</source>
        <translation>Virtualisierung</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Tags</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>Uptime</source>
        <translation>Läuft seit</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>VCPUs</source>
        <translation>VCPUs</translation>
    </message>
    <message>
        <source>Pool</source>
        <translation>Pool</translation>
    </message>
    <message>
        <source>just now</source>
        <translation>gerade eben</translation>
    </message>
    <message>
        <source>never</source>
        <translation>nie</translation>
    </message>
    <message>
        <source>{0} d {1} h</source>
        <translation>{0} T {1} Std</translation>
    </message>
    <message>
        <source>{0} h {1} min</source>
        <translation>{0} Std {1} Min</translation>
    </message>
    <message>
        <source>{0} min</source>
        <translation>{0} Min</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>ja</translation>
    </message>
    <message>
        <source>in the future</source>
        <translation>in der Zukunft</translation>
    </message>
    <message>
        <source>Start prohibited</source>
        <translation>Start verboten</translation>
    </message>
    <message>
        <source>Left out of updates</source>
        <translation>Von Aktualisierungen ausgenommen</translation>
    </message>
    <message>
        <source>Admin</source>
        <translation>Admin</translation>
    </message>
    <message>
        <source>App qube</source>
        <translation>App-Qube</translation>
    </message>
    <message>
        <source>Disposable</source>
        <translation>Wegwerf-Qube</translation>
    </message>
    <message>
        <source>Remote</source>
        <translation>Remote-Qube</translation>
    </message>
    <message>
        <source>Standalone</source>
        <translation>Eigenständig</translation>
    </message>
    <message>
        <source>Changed since the start: {0}. A restart makes it take effect.</source>
        <translation>Seit dem Start geändert: {0}. Wirksam nach einem Neustart.</translation>
    </message>
    <message>
        <source>The template was changed since the start. A restart makes use of it.</source>
        <translation>Die Vorlage wurde seit dem Start geändert. Nach einem Neustart wird die neue Fassung genutzt.</translation>
    </message>
    <message>
        <source>restart</source>
        <translation>Neustart</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
    <message>
        <source>Disk (GiB)</source>
        <translation>Platte (GiB)</translation>
    </message>
    <message>
        <source>CPU (%)</source>
        <translation>CPU (%)</translation>
    </message>
    <message>
        <source>Memory (GiB)</source>
        <translation>Speicher (GiB)</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>Label</translation>
    </message>
    <message>
        <source>&lt; 1 min</source>
        <translation>&lt; 1 Min</translation>
    </message>
</context>
<context>
    <name>VmView</name>
    <message>
        <source>Qubes</source>
        <translation>Qubes</translation>
    </message>
    <message>
        <source>Reset columns</source>
        <translation>Spalten zurücksetzen</translation>
    </message>
    <message>
        <source>Properties as columns…</source>
        <translation>Eigenschaften als Spalten …</translation>
    </message>
</context>
<context>
    <name>VolumeSizeRow</name>
    <message>
        <source>{0} used</source>
        <translation>{0} belegt</translation>
    </message>
    <message>
        <source>Changed elsewhere meanwhile.</source>
        <translation>Inzwischen anderswo geändert.</translation>
    </message>
</context>
<context>
    <name>VolumeTable</name>
    <message>
        <source>Volume</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Used</source>
        <translation>Belegt</translation>
    </message>
    <message>
        <source>Pool</source>
        <translation>Pool</translation>
    </message>
    <message>
        <source>When the qube halts</source>
        <translation>Wenn der Qube endet</translation>
    </message>
    <message>
        <source>Snapshot</source>
        <translation>Schnappschuss</translation>
    </message>
    <message>
        <source>Id</source>
        <translation>Kennung</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>{0} ({1} %)</source>
        <translation>{0} ({1} %)</translation>
    </message>
    <message>
        <source>kept (extra disk)</source>
        <translation>bleibt (zusätzlicher Datenträger)</translation>
    </message>
    <message>
        <source>kept</source>
        <translation>bleibt</translation>
    </message>
    <message>
        <source>dropped: a layer on the template&apos;s</source>
        <translation>verworfen: eine Schicht auf der Vorlage</translation>
    </message>
    <message>
        <source>dropped: empty at each start</source>
        <translation>verworfen: bei jedem Start leer</translation>
    </message>
</context>
<context>
    <name>VolumesPage</name>
    <message>
        <source>Volumes</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>&amp;Size</source>
        <translation>&amp;Größe</translation>
    </message>
    <message>
        <source>A&amp;ttach a volume…</source>
        <translation>Datenträger &amp;verbinden …</translation>
    </message>
    <message>
        <source>&amp;Detach…</source>
        <translation>&amp;Trennen …</translation>
    </message>
    <message>
        <source>This qube has no volumes.</source>
        <translation>Dieser Qube hat keine Datenträger.</translation>
    </message>
    <message>
        <source>A volume can only grow.</source>
        <translation>Ein Datenträger kann nur wachsen.</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} von {1}</translation>
    </message>
    <message>
        <source>List the volumes</source>
        <translation>Datenträger auflisten</translation>
    </message>
    <message>
        <source>Attach {0} to {1}</source>
        <translation>{0} mit {1} verbinden</translation>
    </message>
    <message>
        <source>Detach a volume</source>
        <translation>Datenträger trennen</translation>
    </message>
    <message>
        <source>The volume {0}:{1} stays in its pool.</source>
        <translation>Der Datenträger {0}:{1} bleibt in seinem Pool.</translation>
    </message>
    <message>
        <source>The running qube loses any files it has open on it.</source>
        <translation>Was der laufende Qube darauf geöffnet hat, wird abgeschnitten.</translation>
    </message>
    <message>
        <source>Take {0} away from {1}?</source>
        <translation>{0} von {1} trennen?</translation>
    </message>
    <message>
        <source>Detach</source>
        <translation>Trennen</translation>
    </message>
    <message>
        <source>Detach {0} from {1}</source>
        <translation>{0} von {1} trennen</translation>
    </message>
    <message>
        <source>Changed elsewhere meanwhile.</source>
        <translation>Inzwischen anderswo geändert.</translation>
    </message>
</context>
<context>
    <name>Windows</name>
    <message>
        <source>&amp;Storage…</source>
        <translation>&amp;Speicherplatz …</translation>
    </message>
    <message>
        <source>System-&amp;wide settings…</source>
        <translation>Systemweite &amp;Einstellungen …</translation>
    </message>
    <message>
        <source>&amp;Devices</source>
        <translation>&amp;Geräte</translation>
    </message>
    <message>
        <source>&amp;Restore qubes…</source>
        <translation>Qubes &amp;wiederherstellen …</translation>
    </message>
    <message>
        <source>&amp;Map of the qubes…</source>
        <translation>&amp;Karte der Qubes …</translation>
    </message>
    <message>
        <source>&amp;Back up qubes…</source>
        <translation>Qubes si&amp;chern …</translation>
    </message>
    <message>
        <source>&amp;Policy…</source>
        <translation>Ri&amp;chtlinie …</translation>
    </message>
</context>
<context>
    <name>_Line</name>
    <message>
        <source>Show</source>
        <translation>Anzeigen</translation>
    </message>
</context>
<context>
    <name>_MemoryBar</name>
    <message>
        <source>Free memory of this computer</source>
        <translation>Freier Speicher dieses Rechners</translation>
    </message>
    <message>
        <source>{0} more, {1} left</source>
        <translation>{0} mehr, {1} übrig</translation>
    </message>
</context>
<context>
    <name>_Pane</name>
    <message>
        <source>Only &amp;this qube</source>
        <translation>Nur &amp;dieser Qube</translation>
    </message>
    <message>
        <source>&amp;Revert…</source>
        <translation>&amp;Zurücknehmen …</translation>
    </message>
    <message>
        <source>When</source>
        <translation>Wann</translation>
    </message>
    <message>
        <source>Was</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>Is</source>
        <translation>Nachher</translation>
    </message>
    <message>
        <source>By</source>
        <translation>Wer</translation>
    </message>
    <message>
        <source>Call</source>
        <translation>Aufruf</translation>
    </message>
    <message>
        <source>{0}; now named {1}</source>
        <translation>{0}; heißt jetzt {1}</translation>
    </message>
    <message>
        <source>Revert shows a plan first: what it does, and to which qubes.</source>
        <translation>„Zurücknehmen“ zeigt zuerst einen Plan: was geschieht, und mit welchen Qubes.</translation>
    </message>
</context>
<context>
    <name>_Tree</name>
    <message>
        <source>Changes</source>
        <translation>Änderungen</translation>
    </message>
</context>
</TS>
