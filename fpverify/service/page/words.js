// All texts of the page, in every language it speaks; and numbers, times and fingers in words.

const EN = {
  "title": "fpverify",
  "skip": "Skip to the content",
  "nav": "Pages",
  "nav.verify": "Verify", "nav.identify": "Identify", "nav.compare": "Compare", "nav.enroll": "Enrol",
  "nav.people": "People", "nav.kiosk": "Kiosk",
  "signed": "Signed in as {key}",
  "sign.out": "Sign out", "sign.out.not": "You are still signed in.",
  "sign.title": "Sign in",
  "sign.lead": "With an API key of this service. What you can do here is what the key allows.",
  "sign.key": "API key",
  "sign.hint": "It begins with fpv_. This browser does not keep it.",
  "sign.in": "Sign in",
  "sign.ended": "You are signed out: the session has ended, or its key was revoked.",
  "sign.none": "Give a key first.",
  "sign.bad": "Nobody has this key. Look whether it was copied wholly.",
  "working": "Working…",
  "cancel": "Cancel",
  "more": "More settings",
  "numbers": "Numbers",
  "details": "What the service said",

  "verify.title": "Verify", "verify.lead": "Is it the person they claim to be?", "verify.send": "Verify",
  "identify.title": "Identify", "identify.lead": "Who is it, among all who are enrolled?", "identify.send": "Identify",
  "compare.title": "Compare", "compare.lead": "Are two scans of the same finger? Nothing is kept.",
  "compare.send": "Compare",
  "person": "Person",
  "person.hint": "The id that the person is enrolled under.",
  "person.none": "Give the person's id first.",
  "finger": "Finger",
  "finger.any": "Any finger",
  "scan": "Scan", "scan.first": "First scan", "scan.second": "Second scan",
  "reader.use": "Use the reader", "reader.stop": "Stop", "reader.name": "From the reader", "reader.opening": "One moment…",
  "reader.finger": "Put the finger on the reader.", "reader.lift": "Lift the finger.",
  "scan.choose": "Choose a file", "scan.other": "Choose another", "scan.hint": "or drop it here, or paste it",
  "scan.taken": "{name} is there.", "scan.unseen": "No preview", "scan.none": "Choose a scan first.",
  "fmr": "False match rate", "fmr.hint": "No higher than the service's, such as 0.01 %. Empty: the service's.",
  "fpir": "False positive identification rate", "ppi": "Resolution in ppi",
  "ppi.hint": "Empty: what the file states.",
  "waiting.title": "The decision appears here.",

  "match": "Match", "non-match": "No match", "enrolled": "Enrolled",
  "said.verify.yes": "This is {who}.", "said.verify.no": "Not recognised as {who}.",
  "said.compare.yes": "Both scans show one finger.", "said.compare.no": "Not recognised as one finger.",
  "said.identify.yes": "This is {who}.", "said.identify.no": "Nobody who is enrolled was recognised.",
  "said.identify.empty": "Nobody is enrolled.",
  "try.again": "A better scan may help: clean the finger and the plate, put it down flat.",
  "score": "Score", "score.over": "{score}, beyond what the evidence reaches", "threshold": "Threshold",
  "decided": "Decided at", "decided.fmr": "a false match rate of {rate}", "decided.fpir": "a false positive identification rate of {rate}",
  "measured.fmr": "False matches", "measured.fnmr": "False non-matches", "interval": "{rate} ({low} to {high})",
  "evidence": "Measured on", "evidence.counts": "{evidence}; {mated} mated and {others} non-mated comparisons",
  "searched": "Searched", "impressions.one": "1 impression", "impressions.many": "{count} impressions",
  "model": "Model", "note": "Note", "inverted": "bright ridges on dark, inverted",
  "candidates": "Who comes nearest", "candidates.matching": "Who matches",
  "picture": "Ridge points that have a partner in the other print.",
  "axis.said": "Score {score}, threshold {threshold}, on a scale from 0 to 60.",
  "axis.beyond": "Score {score}, beyond the end of the scale at 60; threshold {threshold}.",
  "axis.threshold": "threshold {threshold}",
  "axis.scale": "Each 10 is a tenth of the false matches: 30 is one in a thousand, 60 one in a million.",

  "quality": "Quality", "quality.asking": "Looking at the scan…",
  "quality.poor": "Too poor to enrol", "quality.fair": "Fair: another scan is worth it",
  "quality.good": "Good", "quality.best": "Very good",

  "enroll.title": "Enrol", "enroll.lead": "Touch after touch, one finger after another; all are kept at the end.",
  "enroll.who": "1. Who", "enroll.which": "2. Which finger", "enroll.touches": "3. Touches", "enroll.keep": "4. Keep",
  "enroll.hint": "Better an id that only your own system resolves than a name.",
  "enroll.known": "{who} is enrolled already: {fingers}. More is added.",
  "enroll.new": "Nobody has this id yet.",
  "touch.first": "{finger}: put it down flat, in the middle.",
  "touch.next": "{finger}: {hints}",
  "touch.again": "{finger}: there is no print in the last one. Once more, clean and flat.",
  "touch.enough": "{finger}: that is enough, {count} are kept.",
  "hint.higher": "a little higher", "hint.lower": "a little lower", "hint.left": "further to the left", "hint.right": "further to the right",
  "hint.lighter": "press more lightly", "hint.firmer": "press more firmly", "hint.wipe": "wipe the plate",
  "hint.same": "the same finger again: this one does not agree with the others", "hint.poor": "too poor, once more, clean and flat",
  "hint.again": "lift it and put it down once more", "hint.first": "put it down flat, in the middle", "hint.done": "that is enough",
  "covered": "Covered: {share} %", "worth": "What more touches are worth",
  "worth.lead": "On a reader of 8 mm, of 100 tries with the right finger these are refused. A reader as large as the finger sees all of it at once: there one good touch does.",
  "worth.kept": "Touches kept", "worth.small": "Refused", "worth.of": "{count} of 100", "worth.1": "one", "worth.3": "three", "worth.5": "five",
  "touch.add": "Add a touch", "touch.next.finger": "Next: {finger}",
  "touch.number": "Touch {number}", "touch.left.out": "is left out", "touch.remove": "Remove touch {number} of {finger}",
  "touch.none": "No touch of this finger yet.", "touch.count": "{finger}, {count}",
  "enroll.sum": "{fingers}, {impressions}", "enroll.nothing": "Nothing to keep yet: two good touches of a finger are a good start.",
  "enroll.send": "Enrol", "enroll.send.who": "Enrol {who}", "enroll.wait": "Wait until all touches were looked at.",
  "enroll.done": "{who} is enrolled: {what}.", "enroll.another": "Enrol somebody else", "enroll.try": "Verify {who} now",
  "proof": "Proof", "proof.lead": "{who} is enrolled already. To add to that, show a finger that is enrolled.",
  "unchecked": "Do not compare with the other touches, nor look for the finger among all others",
  "fingers.one": "1 finger", "fingers.many": "{count} fingers",

  "people.title": "People", "people.search": "Search", "people.search.hint": "Any part of an id.",
  "people.none": "Nobody is enrolled yet.", "people.none.found": "Nobody's id has “{text}” in it.",
  "people.first": "Enrol somebody", "people.count.one": "1 person on this page.", "people.count.many": "{count} people on this page.",
  "people.next": "Next page", "people.before": "Previous page",
  "people.lookup": "Show", "people.id": "Id", "people.fingers": "Fingers", "people.quality": "Lowest quality", "people.last": "Last enrolled",
  "locks.title": "Locked after too many non-matches", "locks.left": "{seconds} s left", "locks.lift": "Unlock {who}", "locks.lifted": "{who} is unlocked.",
  "person.back": "All people", "person.impression": "Impression {number}",
  "person.rename": "Rename", "person.delete": "Delete", "person.add": "Add a finger", "person.verify": "Verify",
  "person.fingers": "Fingers", "person.delete.finger": "Delete {finger} of {who}", "person.gone": "Nobody of this id is enrolled.",
  "history": "History", "history.lead": "From the audit trail, the latest first.", "history.none": "Nothing yet.", "history.more": "Earlier entries",
  "history.when": "When", "history.what": "What", "history.finger": "Finger", "history.said": "What came of it",
  "did.enroll": "enrolled", "did.verify": "verified", "did.identify": "identified", "did.delete": "deleted", "did.update": "changed",
  "did.import": "imported", "did.refuse": "refused", "did.replace": "replaced", "did.rename": "renamed", "did.restore": "restored",
  "delete.title": "Delete {who}?", "delete.lead": "{what}: gone for good, and not to be brought back. The audit trail keeps that {who} was enrolled.",
  "delete.finger": "{finger} of {who} goes for good, with {what}. It cannot be brought back.",
  "delete.yes": "Delete {who}", "delete.yes.finger": "Delete {finger}", "delete.done": "{who} is deleted.",
  "rename.title": "Rename {who}", "rename.new": "New id", "rename.yes": "Rename", "rename.done": "{who} is now {name}.",

  "kiosk.title": "Kiosk", "kiosk.lead": "A screen for strangers: one question, one answer, and back to the start after some seconds.",
  "kiosk.how": "What does it ask?", "kiosk.verify": "The person's id and a finger", "kiosk.identify": "A finger alone",
  "kiosk.warn": "From then on this session allows decisions alone, until you sign in again with a key.",
  "kiosk.start": "Start the kiosk", "kiosk.finger": "Please put your finger on the reader", "kiosk.id": "Please enter your id",
  "kiosk.from": "Where does the finger come from?", "kiosk.reader": "The reader at the server", "kiosk.file": "A file, dropped or pasted",
  "kiosk.scan": "Scan of the finger", "kiosk.go": "Go on",
  "kiosk.yes": "Welcome", "kiosk.no": "Not recognised", "kiosk.no.more": "Please try again, or ask at the desk.",
  "kiosk.unread": "Please once more", "kiosk.unread.more": "The finger could not be read. Dry it, and put it down flat.",
  "kiosk.closed": "Not available", "kiosk.closed.more": "Please ask at the desk.",
  "kiosk.done": "Done", "kiosk.leave": "Leave", "kiosk.leave.title": "Leave the kiosk?", "kiosk.leave.lead": "You are signed out, and need a key to go on.",

  "error.NoAnswer": "The service gave no answer within a minute.", "error.NoServer": "The service cannot be reached, or the file cannot be read any more.",
  "error.wait": "Try again in {seconds} s.",
  "error.Forbidden": "Your key does not allow this.", "error.ForeignPage": "The service does not take this page for its own.",
  "error.NotEnrolled": "Nobody of this id is enrolled, or not with this finger.",
  "error.DuplicateFinger": "This finger is enrolled already.", "error.FailureToEnroll": "The scan is too poor to enrol.",
  "error.ProofNeeded": "This person is enrolled already. Show one of the enrolled fingers as a proof.",
  "error.EnrollmentError": "This does not fit what is enrolled already.",
  "error.FailureToAcquire": "There is no usable print in this scan.", "error.SeveralPrints": "There is more than one print in this scan.",
  "error.UnreadableScan": "This is no image that the service can read.", "error.NotAScan": "This is no scan.",
  "error.ScanTooLarge": "This file is too large.", "error.UnsupportedResolution": "The resolution is out of range.",
  "error.ScanError": "This scan cannot be used.", "error.PresentationAttackSuspected": "This does not look like a living finger.",
  "error.Locked": "Too many non-matches in a row: this person is locked.", "error.TooManyTries": "Too many non-matches with this key.",
  "error.TooManyRequests": "Too many requests.", "error.Timeout": "The service is busy.", "error.LooserRate": "That rate is looser than the service allows.",
  "error.NoReader": "No reader is connected to the server.", "error.SeveralReaders": "Several readers are connected to the server, and none was named when it was started.",
  "error.ReaderUnplugged": "The reader was unplugged. Plug it in, and try again.", "error.NothingCaptured": "No finger was put on the reader.",
  "error.UnusableCapture": "What the reader gave is no picture. Try again.", "error.ReaderError": "The reader has failed.",
  "error.ReaderBusy": "The reader is in use by another page.", "error.CaptureGone": "What the reader saw is not kept any more. Put the finger on it once more.",
  "error.Unauthorized": "You are signed out.", "error.StoreLocked": "The store is in use. Try again.", "error.InternalError": "The service has failed at this.",

  "finger.unknown": "Unknown finger",
  "finger.right-thumb": "Right thumb", "finger.right-index": "Right index", "finger.right-middle": "Right middle",
  "finger.right-ring": "Right ring", "finger.right-little": "Right little",
  "finger.left-thumb": "Left thumb", "finger.left-index": "Left index", "finger.left-middle": "Left middle",
  "finger.left-ring": "Left ring", "finger.left-little": "Left little",
  "hand.left": "Left hand", "hand.right": "Right hand",
  "digit.thumb": "Thumb", "digit.index": "Index", "digit.middle": "Middle", "digit.ring": "Ring", "digit.little": "Little",
};

const DE = {
  "title": "fpverify",
  "skip": "Zum Inhalt",
  "nav": "Seiten",
  "nav.verify": "Prüfen", "nav.identify": "Erkennen", "nav.compare": "Vergleichen", "nav.enroll": "Aufnehmen",
  "nav.people": "Personen", "nav.kiosk": "Kiosk",
  "signed": "Angemeldet als {key}",
  "sign.out": "Abmelden", "sign.out.not": "Sie sind noch angemeldet.",
  "sign.title": "Anmelden",
  "sign.lead": "Mit einem API-Schlüssel dieses Dienstes. Sie können hier, was der Schlüssel erlaubt.",
  "sign.key": "API-Schlüssel",
  "sign.hint": "Er beginnt mit fpv_. Dieser Browser behält ihn nicht.",
  "sign.in": "Anmelden",
  "sign.ended": "Sie sind abgemeldet: Die Sitzung ist zu Ende, oder ihr Schlüssel wurde widerrufen.",
  "sign.none": "Geben Sie erst einen Schlüssel ein.",
  "sign.bad": "Diesen Schlüssel hat niemand. Ist er vollständig kopiert?",
  "working": "Einen Moment…",
  "cancel": "Abbrechen",
  "more": "Weitere Einstellungen",
  "numbers": "Zahlen",
  "details": "Was der Dienst sagte",

  "verify.title": "Prüfen", "verify.lead": "Ist es die Person, die sie zu sein angibt?", "verify.send": "Prüfen",
  "identify.title": "Erkennen", "identify.lead": "Wer ist es, unter allen Aufgenommenen?", "identify.send": "Erkennen",
  "compare.title": "Vergleichen", "compare.lead": "Sind zwei Scans vom selben Finger? Nichts wird aufbewahrt.",
  "compare.send": "Vergleichen",
  "person": "Person",
  "person.hint": "Die Kennung, unter der die Person aufgenommen ist.",
  "person.none": "Geben Sie erst die Kennung der Person ein.",
  "finger": "Finger",
  "finger.any": "Beliebiger Finger",
  "scan": "Scan", "scan.first": "Erster Scan", "scan.second": "Zweiter Scan",
  "reader.use": "Lesegerät benutzen", "reader.stop": "Aufhören", "reader.name": "Vom Lesegerät", "reader.opening": "Einen Moment…",
  "reader.finger": "Legen Sie den Finger auf das Lesegerät.", "reader.lift": "Heben Sie den Finger ab.",
  "scan.choose": "Datei wählen", "scan.other": "Andere wählen", "scan.hint": "oder hier ablegen, oder einfügen",
  "scan.taken": "{name} ist da.", "scan.unseen": "Keine Vorschau", "scan.none": "Wählen Sie erst einen Scan.",
  "fmr": "Falschübereinstimmungsrate", "fmr.hint": "Höchstens die des Dienstes, etwa 0,01 %. Leer: die des Dienstes.",
  "fpir": "Rate falscher Erkennungen", "ppi": "Auflösung in ppi",
  "ppi.hint": "Leer: was die Datei angibt.",
  "waiting.title": "Hier erscheint die Entscheidung.",

  "match": "Treffer", "non-match": "Kein Treffer", "enrolled": "Aufgenommen",
  "said.verify.yes": "Das ist {who}.", "said.verify.no": "Nicht erkannt als {who}.",
  "said.compare.yes": "Beide Scans zeigen einen Finger.", "said.compare.no": "Nicht als derselbe Finger erkannt.",
  "said.identify.yes": "Das ist {who}.", "said.identify.no": "Niemand Aufgenommenes wurde erkannt.",
  "said.identify.empty": "Niemand ist aufgenommen.",
  "try.again": "Ein besserer Scan kann helfen: Finger und Platte säubern, flach auflegen.",
  "score": "Punktzahl", "score.over": "{score}, jenseits dessen, was belegt ist", "threshold": "Schwelle",
  "decided": "Entschieden bei", "decided.fmr": "einer Falschübereinstimmungsrate von {rate}", "decided.fpir": "einer Rate falscher Erkennungen von {rate}",
  "measured.fmr": "Falsche Treffer", "measured.fnmr": "Falsche Ablehnungen", "interval": "{rate} ({low} bis {high})",
  "evidence": "Gemessen an", "evidence.counts": "{evidence}; {mated} Vergleiche gleicher und {others} verschiedener Finger",
  "searched": "Durchsucht", "impressions.one": "1 Abdruck", "impressions.many": "{count} Abdrücke",
  "model": "Modell", "note": "Hinweis", "inverted": "helle Linien auf Dunkel, umgekehrt",
  "candidates": "Wer am nächsten kommt", "candidates.matching": "Wer übereinstimmt",
  "picture": "Punkte der Linien, die im anderen Abdruck einen Partner haben.",
  "axis.said": "Punktzahl {score}, Schwelle {threshold}, auf einer Skala von 0 bis 60.",
  "axis.beyond": "Punktzahl {score}, jenseits des Endes der Skala bei 60; Schwelle {threshold}.",
  "axis.threshold": "Schwelle {threshold}",
  "axis.scale": "Je 10 ist ein Zehntel der falschen Treffer: 30 ist einer in tausend, 60 einer in einer Million.",

  "quality": "Qualität", "quality.asking": "Der Scan wird angesehen…",
  "quality.poor": "Zu schlecht zum Aufnehmen", "quality.fair": "Mäßig: noch ein Scan lohnt sich",
  "quality.good": "Gut", "quality.best": "Sehr gut",

  "enroll.title": "Aufnehmen", "enroll.lead": "Auflegen um Auflegen, ein Finger nach dem anderen; am Ende wird alles aufbewahrt.",
  "enroll.who": "1. Wer", "enroll.which": "2. Welcher Finger", "enroll.touches": "3. Auflegen", "enroll.keep": "4. Aufbewahren",
  "enroll.hint": "Besser eine Kennung, die nur Ihr eigenes System auflöst, als ein Name.",
  "enroll.known": "{who} ist schon aufgenommen: {fingers}. Es kommt etwas dazu.",
  "enroll.new": "Diese Kennung hat noch niemand.",
  "touch.first": "{finger}: flach auflegen, mit der Mitte.",
  "touch.next": "{finger}: {hints}",
  "touch.again": "{finger}: Im letzten ist kein Abdruck. Noch einmal, sauber und flach.",
  "touch.enough": "{finger}: Das genügt, {count} werden aufbewahrt.",
  "hint.higher": "etwas höher", "hint.lower": "etwas tiefer", "hint.left": "weiter nach links", "hint.right": "weiter nach rechts",
  "hint.lighter": "leichter aufdrücken", "hint.firmer": "fester aufdrücken", "hint.wipe": "die Platte abwischen",
  "hint.same": "noch einmal denselben Finger: Dieser stimmt nicht mit den anderen überein", "hint.poor": "zu schlecht, noch einmal, sauber und flach",
  "hint.again": "abheben und noch einmal auflegen", "hint.first": "flach auflegen, mit der Mitte", "hint.done": "das genügt",
  "covered": "Abgedeckt: {share} %", "worth": "Was weitere Abdrücke bringen",
  "worth.lead": "Auf einem Lesegerät von 8 mm werden von 100 Versuchen mit dem richtigen Finger so viele abgelehnt. Ein Lesegerät, so groß wie der Finger, sieht ihn ganz: Da genügt ein guter Abdruck.",
  "worth.kept": "Aufbewahrte Abdrücke", "worth.small": "Abgelehnt", "worth.of": "{count} von 100", "worth.1": "einer", "worth.3": "drei", "worth.5": "fünf",
  "touch.add": "Abdruck hinzufügen", "touch.next.finger": "Weiter: {finger}",
  "touch.number": "Abdruck {number}", "touch.left.out": "bleibt weg", "touch.remove": "Abdruck {number} entfernen, {finger}",
  "touch.none": "Noch kein Abdruck dieses Fingers.", "touch.count": "{finger}, {count}",
  "enroll.sum": "{fingers}, {impressions}", "enroll.nothing": "Noch nichts aufzubewahren: Zwei gute Abdrücke eines Fingers sind ein guter Anfang.",
  "enroll.send": "Aufnehmen", "enroll.send.who": "{who} aufnehmen", "enroll.wait": "Warten Sie, bis alle Abdrücke angesehen sind.",
  "enroll.done": "{who} ist aufgenommen: {what}.", "enroll.another": "Jemand anderen aufnehmen", "enroll.try": "{who} jetzt prüfen",
  "proof": "Nachweis", "proof.lead": "{who} ist schon aufgenommen. Wer etwas hinzufügt, zeigt einen aufgenommenen Finger.",
  "unchecked": "Weder mit den anderen Abdrücken vergleichen noch den Finger unter allen anderen suchen",
  "fingers.one": "1 Finger", "fingers.many": "{count} Finger",

  "people.title": "Personen", "people.search": "Suche", "people.search.hint": "Irgendein Teil einer Kennung.",
  "people.none": "Noch ist niemand aufgenommen.", "people.none.found": "Keine Kennung enthält „{text}“.",
  "people.first": "Jemanden aufnehmen", "people.count.one": "1 Person auf dieser Seite.", "people.count.many": "{count} Personen auf dieser Seite.",
  "people.next": "Nächste Seite", "people.before": "Vorige Seite",
  "people.lookup": "Zeigen", "people.id": "Kennung", "people.fingers": "Finger", "people.quality": "Geringste Qualität", "people.last": "Zuletzt aufgenommen",
  "locks.title": "Gesperrt nach zu vielen Ablehnungen", "locks.left": "noch {seconds} s", "locks.lift": "{who} entsperren", "locks.lifted": "{who} ist entsperrt.",
  "person.back": "Alle Personen", "person.impression": "Abdruck {number}",
  "person.rename": "Umbenennen", "person.delete": "Löschen", "person.add": "Finger hinzufügen", "person.verify": "Prüfen",
  "person.fingers": "Finger", "person.delete.finger": "{finger} von {who} löschen", "person.gone": "Niemand mit dieser Kennung ist aufgenommen.",
  "history": "Verlauf", "history.lead": "Aus dem Prüfprotokoll, das Neueste zuerst.", "history.none": "Noch nichts.", "history.more": "Frühere Einträge",
  "history.when": "Wann", "history.what": "Was", "history.finger": "Finger", "history.said": "Ergebnis",
  "did.enroll": "aufgenommen", "did.verify": "geprüft", "did.identify": "erkannt", "did.delete": "gelöscht", "did.update": "geändert",
  "did.import": "eingelesen", "did.refuse": "abgelehnt", "did.replace": "ersetzt", "did.rename": "umbenannt", "did.restore": "wiederhergestellt",
  "delete.title": "{who} löschen?", "delete.lead": "{what}: für immer fort, nicht zurückzuholen. Das Prüfprotokoll behält, dass {who} aufgenommen war.",
  "delete.finger": "{finger} von {who} geht für immer, mit {what}. Das ist nicht zurückzuholen.",
  "delete.yes": "{who} löschen", "delete.yes.finger": "{finger} löschen", "delete.done": "{who} ist gelöscht.",
  "rename.title": "{who} umbenennen", "rename.new": "Neue Kennung", "rename.yes": "Umbenennen", "rename.done": "{who} heißt jetzt {name}.",

  "kiosk.title": "Kiosk", "kiosk.lead": "Ein Bildschirm für Fremde: eine Frage, eine Antwort, und nach einigen Sekunden wieder der Anfang.",
  "kiosk.how": "Wonach fragt er?", "kiosk.verify": "Nach Kennung und Finger", "kiosk.identify": "Nur nach dem Finger",
  "kiosk.warn": "Von da an erlaubt diese Sitzung nur noch Entscheidungen, bis Sie sich wieder mit einem Schlüssel anmelden.",
  "kiosk.start": "Kiosk beginnen", "kiosk.finger": "Bitte legen Sie den Finger auf", "kiosk.id": "Bitte geben Sie Ihre Kennung ein",
  "kiosk.from": "Woher kommt der Finger?", "kiosk.reader": "Vom Lesegerät am Server", "kiosk.file": "Aus einer Datei, abgelegt oder eingefügt",
  "kiosk.scan": "Scan des Fingers", "kiosk.go": "Weiter",
  "kiosk.yes": "Willkommen", "kiosk.no": "Nicht erkannt", "kiosk.no.more": "Bitte noch einmal, oder fragen Sie am Empfang.",
  "kiosk.unread": "Bitte noch einmal", "kiosk.unread.more": "Der Finger war nicht zu lesen. Trocknen Sie ihn, und legen Sie ihn flach auf.",
  "kiosk.closed": "Nicht verfügbar", "kiosk.closed.more": "Bitte fragen Sie am Empfang.",
  "kiosk.done": "Fertig", "kiosk.leave": "Beenden", "kiosk.leave.title": "Kiosk beenden?", "kiosk.leave.lead": "Sie werden abgemeldet und brauchen einen Schlüssel, um weiterzumachen.",

  "error.NoAnswer": "Der Dienst hat eine Minute lang nicht geantwortet.", "error.NoServer": "Der Dienst ist nicht zu erreichen, oder die Datei ist nicht mehr zu lesen.",
  "error.wait": "Versuchen Sie es in {seconds} s wieder.",
  "error.Forbidden": "Ihr Schlüssel erlaubt das nicht.", "error.ForeignPage": "Der Dienst hält diese Seite nicht für seine eigene.",
  "error.NotEnrolled": "Niemand mit dieser Kennung ist aufgenommen, oder nicht mit diesem Finger.",
  "error.DuplicateFinger": "Dieser Finger ist schon aufgenommen.", "error.FailureToEnroll": "Der Scan ist zu schlecht zum Aufnehmen.",
  "error.ProofNeeded": "Diese Person ist schon aufgenommen. Zeigen Sie zum Nachweis einen ihrer aufgenommenen Finger.",
  "error.EnrollmentError": "Das passt nicht zu dem, was schon aufgenommen ist.",
  "error.FailureToAcquire": "In diesem Scan ist kein brauchbarer Abdruck.", "error.SeveralPrints": "In diesem Scan ist mehr als ein Abdruck.",
  "error.UnreadableScan": "Das ist kein Bild, das der Dienst lesen kann.", "error.NotAScan": "Das ist kein Scan.",
  "error.ScanTooLarge": "Diese Datei ist zu groß.", "error.UnsupportedResolution": "Diese Auflösung geht nicht.",
  "error.ScanError": "Dieser Scan ist nicht zu gebrauchen.", "error.PresentationAttackSuspected": "Das sieht nicht nach einem lebenden Finger aus.",
  "error.Locked": "Zu viele Ablehnungen nacheinander: Diese Person ist gesperrt.", "error.TooManyTries": "Zu viele Ablehnungen mit diesem Schlüssel.",
  "error.TooManyRequests": "Zu viele Anfragen.", "error.Timeout": "Der Dienst ist beschäftigt.", "error.LooserRate": "Diese Rate ist lockerer, als der Dienst erlaubt.",
  "error.NoReader": "Am Server ist kein Lesegerät angeschlossen.", "error.SeveralReaders": "Am Server sind mehrere Lesegeräte angeschlossen, und beim Start wurde keines genannt.",
  "error.ReaderUnplugged": "Das Lesegerät wurde abgezogen. Stecken Sie es an, und versuchen Sie es noch einmal.", "error.NothingCaptured": "Es wurde kein Finger aufgelegt.",
  "error.UnusableCapture": "Was das Lesegerät gab, ist kein Bild. Versuchen Sie es noch einmal.", "error.ReaderError": "Das Lesegerät hat versagt.",
  "error.ReaderBusy": "Das Lesegerät ist auf einer anderen Seite in Gebrauch.", "error.CaptureGone": "Was das Lesegerät sah, ist nicht mehr da. Legen Sie den Finger noch einmal auf.",
  "error.Unauthorized": "Sie sind abgemeldet.", "error.StoreLocked": "Der Speicher ist in Gebrauch. Versuchen Sie es noch einmal.", "error.InternalError": "Der Dienst ist daran gescheitert.",

  "finger.unknown": "Unbekannter Finger",
  "finger.right-thumb": "Rechter Daumen", "finger.right-index": "Rechter Zeigefinger", "finger.right-middle": "Rechter Mittelfinger",
  "finger.right-ring": "Rechter Ringfinger", "finger.right-little": "Rechter kleiner Finger",
  "finger.left-thumb": "Linker Daumen", "finger.left-index": "Linker Zeigefinger", "finger.left-middle": "Linker Mittelfinger",
  "finger.left-ring": "Linker Ringfinger", "finger.left-little": "Linker kleiner Finger",
  "hand.left": "Linke Hand", "hand.right": "Rechte Hand",
  "digit.thumb": "Daumen", "digit.index": "Zeigefinger", "digit.middle": "Mittelfinger", "digit.ring": "Ringfinger", "digit.little": "Kleiner Finger",
};

export const LANGUAGES = { en: ["English", EN], de: ["Deutsch", DE] };
export const DIGITS = ["thumb", "index", "middle", "ring", "little"];
export const FINGERS = ["right", "left"].flatMap((hand) => DIGITS.map((digit) => `${hand}-${digit}`));

/** The language of the page, as the server chose it. */
export function language() {
  return document.documentElement.lang in LANGUAGES ? document.documentElement.lang : "en";
}

/** A text in the page's language, with values in place of what stands in braces. */
export function t(key, values = {}) {
  const text = LANGUAGES[language()][1][key] ?? EN[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** "1 finger", "3 fingers", ... */
export function counted(stem, count) {
  return t(`${stem}.${count === 1 ? "one" : "many"}`, { count: number(count, 0) });
}

export function finger(name) {
  return t(`finger.${name}`);
}

/** Whose finger it is, in the midst of a sentence. */
export function named(subject, name) {
  if (!name || name === "unknown") return subject;
  const words = finger(name);
  return `${subject} (${words[0].toLocaleLowerCase(language())}${words.slice(1)})`;
}

export function number(value, digits) {
  return value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A rate as per cent, to three digits that count. */
export function percent(rate) {
  return `${(100 * rate).toLocaleString(language(), { maximumSignificantDigits: 3 })} %`;
}

export function when(text) {
  return new Date(text).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" });
}

/** What an error says to people. */
export function errorText(error) {
  const known = t(`error.${error.name}`);
  const text = known.startsWith("error.") ? error.message : known;
  return error.waitS ? `${text} ${t("error.wait", { seconds: number(error.waitS, 0) })}` : text;
}
