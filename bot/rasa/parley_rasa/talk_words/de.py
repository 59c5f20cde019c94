"""How people talk in German, in Germany, Austria and Switzerland; see `shape`. Data only; reads no text.

Umlauts lose their dots where a text is normalised, and some write "ae" for them: both stand here.
"""

from __future__ import annotations

import re

from parley_rasa.talk_words.shape import TalkWords, said

_WANT = (
    r"(?:mochten?|moechten?|will|wollen|wurden?|wuerden?|kann|konnen|koennen|werden?|darf|durfen|duerfen|mag|mogen"
    r"|moegen)"
)
_TELL = (
    r"(?:sagen|angeben|verraten|nennen|mitteilen|beantworten|preisgeben|hergeben|rausgeben|herausgeben|hinterlassen"
    r"|dalassen|antworten|rausrucken|rausruecken|weitergeben)"
)
_THING = (
    r"(?:name|namen|firma|firmenname|firmennamen|unternehmen|betrieb|telefon|telefonnummer|nummer|handy|handynummer"
    r"|natel|screenshot|bildschirmfoto|bild|foto|datei|mail|mailadresse|email|email adresse|emailadresse|adresse)"
)
_PERSON = (
    r"(?:menschen|mensch|person|jemandem|jemanden|jemand|mitarbeiter|mitarbeiterin|mitarbeitern|kollegen|kollegin"
    r"|berater|beraterin|ansprechpartner|ansprechpartnerin|ansprechperson|kundenberater|kundenberaterin"
    r"|sachbearbeiter|sachbearbeiterin|zustandigen|zustaendigen)"
)
_PLEASE = r"(?: bitte| danke| jetzt| doch| mal| lieber)*"
_UNSURE = r"(?: (?:leider|noch|auch|gerade|jetzt|selbst|selber|ehrlich gesagt|momentan|derzeit|so|es|das))*"
_BOOKED = (
    r"\bf(?:ü|ue)r (?:etwa |ca\.? |rund |ungef(?:ä|ae)hr |bis zu )?\w+ (?:personen|leute|menschen|kollegen|kolleginnen"
    r"|von uns|nutzer|benutzer|g(?:ä|ae)ste|pl(?:ä|ae)tze|teilnehmer\w*)\b"
)

_YES = said(
    "jo|jep|jup|jap|jawohl|jawoll|klar|na klar|aber klar|klar doch|natuerlich|naturlich|selbstverstandlich"
    "|selbstverstaendlich|gern|gerne|sehr gern|sehr gerne|bitte|bitte gern|bitte gerne|gern bitte|einverstanden"
    "|bin einverstanden|ich bin einverstanden|ich stimme zu|stimme zu|zugestimmt|ich willige ein|ich erlaube es"
    "|das erlaube ich|erlaube ich|auf jeden fall|unbedingt|sicher|sicher doch|aber sicher|ganz sicher|bestimmt"
    "|freilich|sowieso|in ordnung|geht in ordnung|das ist in ordnung|ok|okay|oke|passt|das passt|passt mir|gut"
    "|alles klar|meinetwegen|von mir aus|warum nicht|genau|ganz genau|richtig|das ist richtig|stimmt|das stimmt"
    "|korrekt|das ist korrekt|exakt|so ist es|perfekt|super|prima|nur zu|los|machen sie das|machen sie|mach das"
    "|machen wir|mach ma|mach mer|das durfen sie|das duerfen sie|durfen sie|duerfen sie|sie durfen|sie duerfen"
    "|durft ihr"
    "|ihr durft|schicken sie|schickt mir|das ware gut|das waere gut|das ware schon|das waere schoen|mochte ich"
    "|moechte ich|ich mochte|ich moechte|das mochte ich|das moechte ich|will ich|ich will|danke|danke gern|danke gerne"
    "|vielen dank|herzlich gern|herzlich gerne|eh klar|logisch|logo|joa|doch"
)
_NO = said(
    "ne|nee|noe|naa|nei|na|danke|danke nein|vielen dank|auf keinen fall|auf gar keinen fall|keinesfalls|keineswegs"
    "|niemals|nie|nie im leben|bestimmt nicht|sicher nicht|ganz sicher nicht|sicherlich nicht|lieber nicht|eher nicht"
    "|besser nicht|bitte nicht|nicht bitte|nicht jetzt|jetzt nicht|jetzt gerade nicht|gerade nicht|heute nicht"
    "|heute nicht danke|im moment nicht|im augenblick nicht|momentan nicht|derzeit nicht|zur zeit nicht|zurzeit nicht"
    "|vorerst nicht|kein interesse|keine interesse|ich habe kein interesse|hab kein interesse|habe kein interesse"
    "|kein bedarf|da habe ich kein interesse|nicht interessiert|bin nicht interessiert|ich bin nicht interessiert"
    "|das interessiert mich nicht|interessiert mich nicht|will ich nicht|ich will nicht|das will ich nicht"
    "|ich will das nicht|mochte ich nicht|moechte ich nicht|ich mochte nicht|ich moechte nicht|das mochte ich nicht"
    "|das moechte ich nicht|ich mochte das nicht|ich moechte das nicht|mag ich nicht|ich mag nicht|das mag ich nicht"
    "|stimme nicht zu|ich stimme nicht zu|dem stimme ich nicht zu|nicht einverstanden|bin nicht einverstanden"
    "|ich bin nicht einverstanden|damit bin ich nicht einverstanden|ich willige nicht ein|ich lehne ab|lehne ich ab"
    "|das lehne ich ab|abgelehnt|ich verzichte|darauf verzichte ich|leider nein|leider nicht|tut mir leid"
    "|nicht wirklich"
    "|uberhaupt nicht|ueberhaupt nicht|gar nicht|nicht notig|nicht noetig|danke nicht notig|danke nicht noetig"
    "|das ist nicht notig|das ist nicht noetig|nicht notwendig|brauche ich nicht|brauch ich nicht"
    "|das brauche ich nicht"
    "|das brauch ich nicht|ich brauche das nicht|muss nicht sein|das muss nicht sein|keine mails|keine emails"
    "|bitte keine mails|bitte keine emails|keine werbung|bitte keine werbung|das durfen sie nicht"
    "|das duerfen sie nicht"
    "|durfen sie nicht|duerfen sie nicht|das erlaube ich nicht|erlaube ich nicht|ich erlaube das nicht|ich denke nicht"
    "|denke nicht|denke ich nicht|ich glaube nicht|glaube nicht|glaub nicht|glaube ich nicht|glaub ich nicht"
    "|wohl nicht"
    "|wohl kaum|kommt nicht in frage|kommt nicht infrage|auf keinsten|doch nicht|lass mal|lassen sie mal"
    "|das stimmt nicht"
    "|stimmt nicht|das ist falsch|falsch|passt nicht|schon gut|das war alles|das wars|das war s"
)
_PERSONS = said(
    "mensch|menschen|ein mensch|einen menschen|echter mensch|echten menschen|ein echter mensch|einen echten menschen"
    "|richtiger mensch|person|eine person|echte person|eine echte person|mitarbeiter|mitarbeiterin|ein mitarbeiter"
    "|eine mitarbeiterin|einen mitarbeiter|ansprechpartner|ansprechpartnerin|ansprechperson|sachbearbeiter"
    "|sachbearbeiterin|kundenberater|kundenberaterin|kundenservice mitarbeiter|menschlicher mitarbeiter|operator"
)
_OF_NO = frozenset(
    ("na", "danke", "vielen dank", "tut mir leid", "schon gut", "das war alles", "das wars", "das war s")
)
"""What says no only after a no ("nein danke")."""
_OF_YES = frozenset(("bitte", "danke", "vielen dank", "doch", "gut"))
"""What says yes only after a yes ("ja bitte")."""

WORDS = TalkWords(
    yes=frozenset(("ja", "jaa", "jaaa", "ja ja", "ja doch")) | {f"ja {word}" for word in _YES} | (_YES - _OF_YES),
    no=frozenset(("nein", "neein", "neeein", "nein nein", "nein nein danke"))
    | {f"nein {word}" for word in _NO}
    | {f"{word} danke" for word in ("ne", "nee", "noe", "no", "nei", "naa")}
    | (_NO - _OF_NO),
    plain_yes="ja",
    plain_no="nein",
    lukewarm=said(
        "ok|okay|oke|klar|passt|das passt|passt mir|in ordnung|geht in ordnung|das ist in ordnung|alles klar"
        "|meinetwegen"
        "|von mir aus|warum nicht|genau|ganz genau|richtig|das ist richtig|stimmt|das stimmt|korrekt|das ist korrekt"
        "|exakt"
        "|so ist es|perfekt|super|prima|los|sicher|bestimmt|sowieso|joa|ja ja|logisch|logo|eh klar|machen wir|mach ma"
        "|mach mer|will ich|ich will|ich mochte|ich moechte"
    ),
    refusing=said("nein|ne|nee|noe|no|naa|nei"),
    negations=said("nicht|nichts|keine|keinen|kein|nie|niemals|danke|lieber"),
    hedges=said(
        "aber|ausser|vielleicht|vllt|ja|wenn|falls|noch|nur|klar|problem|probleme|sorge|sorgen|obwohl|kommt|spater"
        "|spaeter"
        "|bis|doch|ok|okay|warum|wieso|was|wie|welche|wann|bevor|erst|zuerst|zweifel|ahnung|frage|fragen|einwand|schon"
        "|sofern|eher|weiss|hauptsache"
    ),
    exclaimed=re.compile(
        r"^(?:(?:haha|hahaha|ha|ach|oh|och|na|also|ah+m*|e+h*m|hm+|naja|puh|pff|tja|lol|um gottes willen|danke aber"
        r"|bitte) )+"
    ),
    hesitation=re.compile(
        r"^(?:(?:ä+h*m*|e+h*m+|ö+h*m*|h+m+|ah|ach|also|naja|na ja|tja|ja|gut|okay|ok)[\s,.…]+)+(?=\S)", re.IGNORECASE
    ),
    takes_back=re.compile(
        r"^\s*(?:(?:nein|nee|ne|nö|ä+h+m*|hm+|sorry|sry|entschuldigung|entschuldigen sie|entschuldige|tschuldigung"
        r"|verzeihung|pardon|tut mir leid|eigentlich|moment(?: mal)?|warte(?:n sie)?|halt|stopp|ups|hoppla|huch"
        r"|korrektur|mein fehler|(?:ich )?(?:habe? )?mich (?:vertippt|vertan|verschrieben|geirrt|verklickt)"
        r"|vertippt|verschrieben|tippfehler|(?:ich )?(?:habe? )?(?:es )?mir (?:doch )?anders (?:ü|ue)berlegt"
        r"|doch lieber|doch eher|doch|lieber|besser gesagt|besser|vielmehr|beziehungsweise|bzw|ach(?: so)?|oh|quatsch"
        r"|bl(?:ö|oe)dsinn|falsch|das (?:war|ist) (?:falsch|nicht richtig|verkehrt)|das stimmt nicht)\b[\s,.:;!-]*)+",
        re.IGNORECASE,
    ),
    restates=re.compile(
        r"^(?:(?:ich meinte?|ich wollte (?:eigentlich )?sagen|gemeint (?:war|ist|habe ich)|es (?:ist|sind|hei(?:ß"
        r"|ss)t)"
        r"|das (?:ist|w(?:ä|ae)re|hei(?:ß|ss)t)|ich bin|ich hei(?:ß|ss)e|wir sind|(?:es|das) (?:muss|soll|sollte)"
        r" (?:hei(?:ß|ss)en|sein)|soll hei(?:ß|ss)en|muss hei(?:ß|ss)en|richtig (?:ist|w(?:ä|ae)re|hei(?:ß|ss)t es)"
        r"|eher|lieber|doch|sondern|n(?:ä|ae)mlich|sagen wir|machen sie daraus|nehmen sie"
        r"|(?:ä|ae)ndern sie (?:es|das) (?:in|auf|zu))\s+)+(.{1,200})$",
        re.IGNORECASE,
    ),
    restates_by_itself=re.compile(
        r"^\s*(?=(?:ich meinte|ich wollte (?:eigentlich )?sagen|gemeint (?:war|ist)|soll hei(?:ß|ss)en"
        r"|(?:es|das) (?:muss|soll|sollte) (?:hei(?:ß|ss)en|sein)|(?:ä|ae)ndern sie (?:es|das) (?:in|auf|zu))\s)",
        re.IGNORECASE,
    ),
    instead_of=re.compile(
        r"(?:(?:nein|sorry|entschuldigung|eigentlich|ich meinte?|es ist|es hei(?:ß|ss)t|ich bin|ich hei(?:ß|ss)e"
        r"|mein name ist|wir sind)[\s,]+)*(.{1,80}?),?\s+(?:und )?nicht\s+(.{1,80})",
        re.IGNORECASE,
    ),
    not_but=re.compile(
        r"(?:(?:nein|sorry|entschuldigung|eigentlich|es ist|es hei(?:ß|ss)t|ich bin|ich hei(?:ß|ss)e"
        r"|wir sind)[\s,]+)*nicht\s+(.{1,80}?),?\s+sondern\s+(.{1,80})",
        re.IGNORECASE,
    ),
    ours=re.compile(
        r"(?:bitte |k(?:ö|oe)nnen sie |k(?:ö|oe)nnten sie |kannst du )*"
        r"(?:(?:ä|ae)ndern sie |(?:ä|ae)ndere |korrigieren sie |korrigiere |berichtigen sie )?(?:bitte )?"
        r"(?:meine[nmr]?|mein|unsere[nmr]?|unser|die|der|das|den) ",
        re.IGNORECASE,
    ),
    becomes=(
        r"(?: (?:ist|war|lautet|hei(?:ß|ss)t|soll(?:te)? (?:hei(?:ß|ss)en|lauten|sein)|auf|in|zu)"
        r"(?: eigentlich| jetzt| richtig| nun)?)[: ]+"
    ),
    first_name=("vorname", "vornamen", "name", "namen"),
    turns_off=re.compile(
        r"(?:bitte |konnen sie |koennen sie |kannst du )*(?:schalten?|stellen?|stell|mach|machen)(?: sie)?"
        r" (?:bitte )?(?:die |den |das |meine )?(?P<set>\w+(?: \w+)?) (?:aus|ab)(?: bitte)?"
        r"|(?:bitte |ich will |ich mochte |ich moechte )*(?:keine?n?|ohne|stopp|stop|nicht mehr per)"
        r" (?P<off>\w+(?: \w+)??)(?: mehr| bitte| haben| bekommen)*"
        r"|(?:bitte )?(?:die |den |das |meine )?(?P<named>\w+(?: \w+)?) (?:bitte )?(?:abschalten|ausschalten|abstellen"
        r"|deaktivieren|abbestellen|aus|ab)(?: bitte)?"
    ),
    ordinals=tuple(
        map(
            said,
            ("erste|erster|erstes|ersten|erstere|1te|1ter|1tes|eins|einser",
             "zweite|zweiter|zweites|zweiten|2te|2ter|2tes|zwei|zwo",
             "dritte|dritter|drittes|dritten|3te|3ter|3tes|drei",
             "vierte|vierter|viertes|vierten|4te|4ter|4tes|vier",
             "funfte|funfter|funftes|funften|fuenfte|fuenften|5te|5ter|5tes|funf|fuenf",
             "sechste|sechster|sechstes|sechsten|6te|6ter|6tes|sechs",
             "siebte|siebter|siebtes|siebten|siebente|7te|7ter|7tes|sieben",
             "achte|achter|achtes|achten|8te|8ter|8tes|acht",
             "neunte|neunter|neuntes|neunten|9te|9ter|9tes|neun"),
        )
    ),
    position=re.compile(
        r"(?:(?:ich (?:nehme?|wahle|waehle|mochte|moechte|will|hatte gern|hatte gerne|haette gern|haette gerne)"
        r"|es ist|das ist|dann|lieber|bitte|nehmen wir|also|wohl|sagen wir) )*"
        r"(?:der |die |das |den |dem |am |zum )?(?:nummer |option |antwort |nr |variante |auswahl |punkt )?(\w+)"
        r"(?: (?:option|antwort|variante|termin|zeit|uhrzeit|leitfaden|webinar|davon|bitte))*"
    ),
    last=said("letzte|letzter|letztes|letzten"),
    negating=re.compile(r" (?:nicht|nichts|kein|keine|keinen|keiner|keines|keins|nie|niemals|weder|ohne|ausser|nein) "),
    fails=re.compile(
        r" (?:funktioniert|funktionieren|geht|gehen|ging|klappt|klappen|ladt|laedt|laden|lauft|laeuft|laufen|startet"
        r"|starten|offnet|oeffnet|druckt|synchronisiert|verbindet|reagiert|kommt|komme|kommen|stimmt|stimmen|importiert"
        r"|exportiert|erscheint|speichert|zeigt|tut|tun)(?: \w+){0,3}? (?:nicht|nichts|nix)(?: mehr| richtig)?(?= )"
        r"| (?:nicht|nichts)(?: mehr| richtig)? (?:einloggen|anmelden|ein|rein|aufrufen|offnen|oeffnen|laden|speichern"
        r"|drucken|senden|schicken|verschicken|arbeiten|importieren|exportieren|verbinden|zugreifen|starten|angezeigt"
        r"|gefunden|erkannt|gesendet|verschickt|gespeichert|geht|funktioniert|ging|geladen)(?: mehr)?(?= )"
        r"| keine?n? (?:zugriff|zugang|verbindung)(?: mehr)?(?= )"
    ),
    empty=frozenset(
        "ein eine einen einem einer der die das den dem des und oder ich wir mir mich uns mein meine meinen unser"
        " unsere"
        " du sie es ist sind bin war mochte moechte mochten moechten wurde wuerde wurden gern gerne will wollen hatte"
        " haette hatten denke glaube vielleicht bitte danke etwa so halt eben mal ja also dann hm hmm ah ahm ahem wohl"
        " wahrscheinlich im in am an auf bei mit fur fuer von vom zu zum zur per eher doch schon da hier dass kann"
        " konnte"
        " koennte ware waere um es sagen wir nehme nehmen erst erstmal zuerst alles alle".split()
    ),
    any_time=re.compile(
        r"(?:(?:ich nehme?|geben sie mir|nehmen wir|nehmen sie|ok|okay|bitte|dann|einfach|also|so|am) )*"
        r"(?:der |die |das |den )?(?:fruhe?stmogliche\w*|fruhestmoeglich\w*|fruheste\w*|frueheste\w*|erste freie\w*"
        r"|nachste freie\w*|naechste freie\w*|erstbeste\w*|bald wie moglich|bald wie moeglich|schnell wie moglich"
        r"|schnell wie moeglich|moglichst bald|moeglichst bald|baldmoglichst|(?:ist )?(?:mir )?(?:ganz |vollig )?egal"
        r"|irgendeine\w*|irgendwann|jede\w*|alle(?:s)? (?:passen|passt|gehen|geht|ok|okay|recht|gut)"
        r"|passen alle|passt alles|mir (?:passen|passt) alle\w*"
        r"|wie (?:sie|es) (?:wollen|mochten|moechten|ihnen passt)|suchen sie (?:sich )?(?:eine\w* |was )?aus"
        r"|suchen sie (?:eine\w* )?fur mich aus|was (?:ihnen|euch) (?:am besten )?passt)"
        r"(?: (?:freie\w*|mogliche\w*|moegliche\w*|verfugbare\w*|termin|zeit|zeiten|passt|mir|bitte|danke|davon"
        r"|geht))*"
    ),
    asks_for_times=re.compile(
        r"(?:(?:und|aber|ok) )*(?:gibt es|gibts|gibt s|haben sie|habt ihr|hatten sie|haetten sie|hattet ihr)"
        r"(?: (?:noch|auch|denn|da|bei ihnen|vielleicht|evtl|am \w+|nachste woche|naechste woche))*"
        r" (?:was|etwas|irgendwas|andere\w*|frei\w*|termine?|zeiten|noch was|mehr|luft|zeit)\b"
        r"|was anderes|was gibts sonst|was (?:ist|ware|waere) (?:noch |sonst )?frei"
        r"|ist (?:\w+ ){1,3}(?:noch )?(?:was |etwas )frei"
    ),
    no_answer=said(
        "uberspringen|ueberspringen|uberspring|ueberspring|uberspringen bitte|ueberspringen bitte|bitte uberspringen"
        "|bitte ueberspringen|skippen|weiter|weiter bitte|nachste frage|naechste frage|nachste frage bitte"
        "|naechste frage bitte|nachste|naechste|auslassen"
        "|auslassen bitte|weglassen|kein kommentar|keine angabe|keine angaben|k a|ka|keine|keiner|keines|keins|kein"
        "|nichts|gar nichts|garnichts|nix|niemand|anonym|privat|das ist privat|ist privat|zu privat|zu personlich"
        "|das ist personlich|vertraulich|das ist vertraulich|geheim|geheimnis|das ist geheim|egal|ist egal"
        "|ist mir egal"
        "|mir egal|das ist egal|mir ist das egal|spielt keine rolle|keine ahnung|kein plan|keinen plan|keinen schimmer"
        "|habe keine ahnung|hab keine ahnung|ich habe keine ahnung|ich hab keine ahnung|weiss nicht|weis nicht"
        "|weissnicht"
        "|weiss net|weiss ned|woas ned|woass ned|woas i ned|weiss i ned|weiss noned|ich weiss nicht|ich weiss es nicht"
        "|ich weiss nicht so recht|weiss ich nicht|das weiss ich nicht|weiss ich noch nicht|weiss noch nicht"
        "|das weiss ich noch nicht|ich weiss es noch nicht|wissen wir nicht|wissen wir noch nicht|wir wissen es nicht"
        "|wir wissen es noch nicht|nicht sicher|bin nicht sicher|ich bin nicht sicher|ich bin mir nicht sicher"
        "|bin mir nicht sicher|noch nicht sicher|unsicher|schwer zu sagen|kann ich nicht sagen"
        "|kann ich noch nicht sagen"
        "|kann man nicht sagen|wer weiss|spater|spaeter|vielleicht spater|vielleicht spaeter|noch nicht|noch offen"
        "|ist noch offen|steht noch nicht fest|unentschieden|noch unklar|noch nicht entschieden|mal sehen"
        "|schauen wir mal"
        "|schaumamal|lieber nicht sagen|sage ich nicht|sag ich nicht|das sage ich nicht|das sag ich nicht"
        "|verrate ich nicht"
        "|vergessen|hab ich vergessen|habe ich vergessen|das war alles|das wars|das war s|das ist alles|sonst nichts"
        "|nichts weiter|zu viele fragen|so viele fragen|genug gefragt|genug fragen|horen sie auf zu fragen"
        "|hoeren sie auf zu fragen|hor auf zu fragen|fragen sie nicht so viel|nichts zu sagen|nicht relevant|entfallt"
        "|entfaellt|trifft nicht zu|kein name|keine firma|gibt es nicht|gibts nicht"
    ),
    refuses=re.compile(
        r"(?:(?:nein|ne|nee|no|noe|sorry|entschuldigung|tut mir leid|a+h+m*|hm+|also|na ja|naja|bitte|aber|und|danke"
        r"|ehrlich gesagt|eigentlich|ach) )*"
        r"(?:(?:das |dies )?geht (?:sie|euch|dich|niemanden|keinen)(?: \w+){0,2}? (?:nichts|nix|dreck)(?: an)?"
        rf"|(?:das |es |die |den |meine \w+ |meinen \w+ |unsere \w+ )?{_WANT} (?:ich|wir|man)"
        rf"(?: \w+){{0,4}}? (?:nicht|nie|nichts|keine?n?)(?: (?:so|gern|gerne|unbedingt|jedem|einfach|hier"
        rf"|einem bot))*"
        rf" {_TELL}(?: mussen| muessen| wollen| sollen)?"
        rf"|(?:ich|wir|man) {_WANT}(?: \w+){{0,5}}? (?:nicht|nie|nichts|keine?n?|lieber nicht)(?: \w+){{0,4}}? {_TELL}"
        r"(?: mussen| muessen| wollen| sollen)?"
        r"|(?:\w+ ){0,3}?(?:sage?|gebe?|verrate|nenne|geben|sagen|verraten|nennen) (?:ich"
        r"|wir)(?: \w+){0,3}? (?:nicht|nie"
        r"|nichts)(?: (?:an|raus|heraus|her|weiter|preis|gern|gerne|einfach so))*"
        r"|ich (?:sage?|gebe?|verrate|nenne)(?: \w+){0,4}? (?:nicht|nie|nichts|keine?n?)(?: \w+){0,2}?"
        r"(?: (?:an|raus|heraus|her|weiter|preis))?"
        r"|das behalte? ich (?:lieber )?fur mich|(?:ich )?behalte? das (?:lieber )?fur mich"
        rf"|muss (?:ich|man)(?: (?:das|es|die|den|darauf|hier|meine|meinen|unbedingt|wirklich|jetzt|denn|auch"
        rf"|{_THING}))*"
        rf"(?: {_TELL})?|muss das (?:wirklich |unbedingt |denn )?sein"
        r"|(?:(?:konnen|koennen|kann|durfen|duerfen|darf) (?:wir|ich|man|sie) |lassen sie (?:uns )?|bitte |einfach"
        r" |lieber |ich (?:mochte|moechte|will|wurde|wuerde) |die |diese |das |den )*(?:frage |hier |gern |gerne "
        r"|auch )*"
        r"(?:uberspringen|ueberspringen|auslassen|weglassen|offen lassen|offenlassen|leer lassen|frei lassen)"
        r"(?: bitte| wir| sie)*"
        r"|(?:das |die frage |die )?(?:lassen wir|lasse ich|lass ich)(?: das| mal| bitte| die)* (?:aus|weg|offen|leer)"
        rf"|(?:das )?(?:weiss|wissen) (?:ich|wir){_UNSURE} nicht(?: (?:so|genau|recht|wirklich|sicher))*"
        rf"|(?:ich|wir) (?:weiss|wissen){_UNSURE} nicht(?: (?:so|genau|recht|wirklich))*"
        r"(?: (?:was|wie) (?:ich|wir|man)(?: (?:da|hier|genau))* (?:will|wollen|sagen soll\w*|schreiben soll\w*"
        r"|brauche"
        r"|brauchen))?"
        r"|(?:ich )?bin (?:mir )?(?:da )?nicht (?:ganz |so )?sicher"
        r"|(?:eigentlich )?nichts (?:besonderes|bestimmtes|spezielles|konkretes)|nicht viel|eigentlich nichts"
        rf"|keine?n? {_THING}(?: (?:bitte|danke|angeben|vorhanden|leider|fur sie|fuer sie))*){_PLEASE}"
    ),
    has_none=re.compile(
        r"(?:(?:nein|ne|nee|no|sorry|also|aber|und|leider|a+h+m*) )*(?:(?:ich|wir) )?(?:habe?n?|nutzen?|benutzen?"
        r"|besitzen?|verwenden?)(?: (?:ich|wir))?(?: (?:leider|gar|uberhaupt|ueberhaupt|hier|noch|auch|selber"
        r"|selbst))*"
        rf" keine?n?(?: eigene\w*)? {_THING}\b.{{0,20}}"
        r"|(?:(?:nein|ne|nee|no|sorry|leider) )*(?:(?:so ?was |das |die |den )?hab(?:en?)? (?:ich|wir)"
        r"(?: (?:leider|gar|noch|auch))* (?:nicht|keine?n?|keine?s)|(?:ich|wir) habe?n? (?:leider |gar |noch )*"
        r"(?:keine?n?|keine?s))"
    ),
    asks_back=re.compile(
        r"(?:(?:aber|und|also|sorry|entschuldigung|entschuldigen sie|moment|warte|warten sie|ok|okay|hm+|a+h+m*|halt"
        r"|ja|na|ach) )*"
        r"(?:was|ha|hae|haeh|hah|wie bitte|bitte was|bitte|wie|wie jetzt|was jetzt|pardon|warum|wieso|weshalb|wozu"
        r"|wofur"
        r"|wofuer|inwiefern|fur was|fuer was|fur was denn|warum denn|wieso denn|wozu denn|(?:warum|wieso|weshalb|wozu"
        r"|wofur|wofuer) (?:das|denn das|das denn|dies|die frage|diese frage)|was soll (?:das|die frage|diese frage)"
        r"|heisst|das heisst|was (?:heisst|bedeutet) (?:das|dies|\w+)|was (?:meinen sie|meinst du|meint ihr)"
        r"(?: damit| genau)*|wie (?:meinen sie|meinst du|meint ihr) das(?: genau)?|wie ist das gemeint"
        r"|was ist (?:damit |hier |mit \w+ )?gemeint|was ist das|was ist darunter zu verstehen"
        r"|(?:warum|wieso|weshalb|wozu|wofur|wofuer|fur was|fuer was) (?:fragen|fragst|fragt|wollen|willst|wollt"
        r"|brauchen"
        r"|brauchst|braucht|benotigen|benoetigen|mochten|moechten) (?:sie|du|ihr|man)\b.{0,60}"
        r"|(?:warum|wieso|weshalb) (?:muss|soll|sollte|mussen|muessen|sollen) (?:ich|wir|man)(?: \w+){0,4}? "
        rf"(?:{_TELL}|wissen)"
        r"|(?:warum|wieso|weshalb|wozu|wofur|wofuer) (?:ist|wird|interessiert) (?:das|die|sie|euch|dich|meine?)"
        r"(?: \w+){0,2}? ?(?:wichtig|notig|noetig|notwendig|relevant|interessant|gefragt|gebraucht|benotigt"
        r"|benoetigt|das"
        r"|euch|sie)?"
        r"|was (?:machen|macht|machst|tun|wollen|willst|wollt) (?:sie|ihr|du)(?: dann| denn)?"
        r" (?:damit|mit (?:der|meiner|dem|meinem|den) (?:nummer|telefonnummer|adresse|mailadresse|email|emailadresse"
        r"|mail"
        r"|namen|info|angabe))|was passiert (?:dann )?(?:damit|mit (?:der|meiner) (?:nummer|telefonnummer|adresse"
        r"|mailadresse|email|emailadresse|mail))"
        r"|(?:was|worin|wo) (?:ist|besteht|liegt|ware|waere) (?:der|da der|denn der) unterschied(?: zwischen .{0,40})?"
        r"|(?:welche[rs]?|was) ist (?:denn )?(?:besser|gunstiger|guenstiger|billiger)"
        r"|wo (?:finde?|sehe?|steht|bekomme) (?:ich |man )?(?:das|die|den|sie|so ?was|diese \w+|die \w+)(?: denn)?"
        r"|(?:ich )?(?:verstehe?|kapiere?|begreife) (?:das |die frage |ich |sie |nur bahnhof |jetzt )*nicht(?: ganz"
        r"| so recht| so ganz)*(?: (?:was|die frage)(?: .{0,30})?)?|(?:das )?(?:(?:habe?) ich )?nicht verstanden"
        r"|(?:ich )?habe? (?:das|die frage|sie) nicht verstanden"
        r"|(?:konnen|koennen|konnten|koennten|kannst|konnt) (?:sie|du|ihr) (?:mir |uns )?(?:das "
        r"|die frage )?(?:bitte |mal"
        r" |naher |naeher |genauer |noch ?mal )*(?:erklaren|erklaeren|erlautern|erlaeutern|wiederholen|erlautern)"
        r"|erklar(?:en sie|e)? (?:mir |uns )?(?:das|die frage)|erklaer(?:en sie|e)? (?:mir |uns )?(?:das|die frage)"
        r"|was soll (?:ich|man) (?:da |hier |jetzt |denn )*(?:sagen|schreiben|antworten|eingeben|eintragen|angeben)"
        r"|wer (?:will das wissen|fragt|fragt das)|hilfe|hilf mir|helfen sie mir|(?:ich )?brauche? hilfe"
        r"|ist das (?:wirklich |unbedingt |denn )*(?:notig|noetig|notwendig|erforderlich|pflicht|wichtig"
        r"|verpflichtend)"
        rf"|(?:was )?geht (?:sie|euch|dich) das (?:was |etwas )?an|was geht das (?:sie|euch) an){_PLEASE}(?: denn)?"
    ),
    about_messages=re.compile(
        r"(?:(?:und|aber|also|ok) )*(?:was (?:fur|fuer) (?:eine )?(?:e ?mails?|mails?|nachrichten?|werbung|infos?"
        r"|sachen"
        r"|inhalte|tipps)\b.*|welche (?:art|arten|e ?mails?|mails?|nachrichten|infos|werbung|inhalte)\b.*"
        r"|wie (?:oft|haufig|haeufig|viele?|regelmassig)\b.*|was (?:schicken|schickt|schreiben|schreibt|senden|kommt"
        r"|bekomme|kriege|steht|ist) (?:sie|ihr|da|dann|ich|mir|drin|darin|dabei)\b.*"
        r"|(?:kann|konnte|koennte|darf) (?:ich|man)(?: \w+){0,4}? (?:abmelden|abbestellen|widerrufen|stoppen|kundigen"
        r"|kuendigen|andern|aendern|beenden|zuruckziehen|zurueckziehen|zurucknehmen)\b.*|ist das spam"
        r"|werde ich zugespammt"
        r"|(?:was |was ist |was passiert )?wenn (?:ich|man)\b.*|was passiert bei \w+|muss ich\b.*)"
    ),
    asking=re.compile(
        r"^\W*(?:(?:und|aber|also|ok|okay|hallo|hi|hey|guten tag|guten morgen|guten abend|moin|servus|gr(?:ü|ue)(?:ß"
        r"|ss)"
        r" gott|gr(?:ü|ue)ezi|bitte|sorry|entschuldigung|ach|ja|gut|dann|mal|eine frage|noch eine frage|kurze frage"
        r"|frage|sagen sie mal|sag mal)\W+)*"
        r"(?:was\b(?! (?:neues|anderes|besseres|eigenes|kleines|gr(?:ö|oe)(?:ß|ss)eres|g(?:ü|ue)nstigeres"
        r"|mich st(?:ö|oe)rt))"
        r"|wie\b(?! (?:gesagt|gehabt|immer|oben|bisher|besprochen|geschrieben|vorher|m(?:ö|oe)glich))|wieviele?\b"
        r"|wer\b|wen\b|wem\b|wessen\b|wo\b|wohin\b|woher\b|wann\b|warum\b|wieso\b|weshalb\b|wozu\b|wof(?:ü|ue)r\b"
        r"|womit\b"
        r"|worin\b|woran\b|wor(?:ü|ue)ber\b|wodurch\b|inwiefern\b|inwieweit\b|welche[rsmn]?\b"
        r"|(?:ab|bis|seit|f(?:ü|ue)r|mit|an|auf|bei|zu|von|in|um|nach|unter|aus|(?:ü|ue)ber) (?:wann|wen|wem"
        r"|welche[rsmn]?"
        r"|wie ?viele?|was)\b"
        r"|(?:ist|sind|hat|haben|habt|kann|k(?:ö|oe)nnen|k(?:ö|oe)nnt|k(?:ö|oe)nnte|k(?:ö|oe)nnten|gibt|geht|l(?:ä"
        r"|ae)uft"
        r"|funktioniert|macht|machen|kostet|kosten|bietet|bieten|bekommt|bekomme|kriege?|darf|d(?:ü|ue)rfen|muss"
        r"|m(?:ü|ue)ssen"
        r"|soll|wird|werden|unterst(?:ü|ue)tzt|unterst(?:ü|ue)tzen|arbeitet|arbeiten|brauche?|brauchen|braucht|l(?:ä"
        r"|ae)sst"
        r"|klappt|h(?:ä|ae)tten|w(?:ä|ae)re|war|wurde|gilt|verl(?:ä|ae)ngert|enth(?:ä|ae)lt|passt|gehen|stimmt"
        r"|speichert"
        r"|speichern|verkauft|verkaufen|wissen|wei(?:ß|ss)t|kennt|kennen|hilft|helfen|seid|bin|bist) "
        r"(?:sie|ihr|du|wir|ich|man|es|das|die|der|den|dein|deine|euer|eure|ihre?|unsere?|mein|meine|meinen|meinem"
        r"|meiner"
        r"|eine?n?|auch|denn|da|hier|support|mir|alle)\b(?! (?:mir|uns|bitte)\b)"
        r"|(?:kann|k(?:ö|oe)nnen|k(?:ö|oe)nnten|k(?:ö|oe)nnt|kannst) (?:sie|ihr|du) (?:mir|uns|bitte)\b"
        r"|gibts\b|gibt'?s\b|gehts\b|geht'?s\b|(?:sagen|zeigen|erkl(?:ä|ae)ren|verraten) sie (?:mir|uns)\b"
        r"|ich (?:m(?:ö|oe)chte|will|wollte|w(?:ü|ue)rde)(?: nur| gern| gerne| mal| einfach)* wissen\b|ich w(?:ü"
        r"|ue)sste gern"
        r"|mich (?:w(?:ü|ue)rde )?interessier(?:t|en)\b)"
        r"|^.{1,120},? (?:oder|oder nicht|oder was|richtig|stimmts)\W*\?$",
        re.IGNORECASE,
    ),
    requesting=re.compile(
        r"^\W*(?:(?:und|aber|also|ok|okay|hallo|hi|hey|guten tag|guten morgen|moin|servus|gr(?:ü|ue)(?:ß|ss) gott"
        r"|gr(?:ü|ue)ezi|nein|ja|gut|sorry|entschuldigung|eigentlich|dann|doch|jetzt)\W+)*"
        r"(?:bitte\b|ich (?:m(?:ö|oe)chte|will|brauche?|br(?:ä|ae)uchte|h(?:ä|ae)tte gerne?|w(?:ü|ue)rde gerne?"
        r"|bitte)\b"
        r"|wir (?:m(?:ö|oe)chten|wollen|brauchen|br(?:ä|ae)uchten|h(?:ä|ae)tten gerne?|w(?:ü|ue)rden gerne?|bitten)\b"
        r"|(?:geben|schicken|senden|zeigen|melden|tragen|buchen|reservieren|vereinbaren|machen|lassen|helfen|nehmen"
        r"|rufen|registrieren|verbinden|stellen|setzen|mailen) sie\b|(?:ä|ae)ndern sie\b|lass uns\b|lasst uns\b"
        r"|(?:gib|schick|sende|zeig|zeige|meld|melde|trag|trage|buch|buche|reservier|reserviere|mach|hilf|nimm|schickt"
        r"|zeigt|meldet|tragt|macht|gebt) (?:mir|uns|mich|einen?|das|die|den)\b|h(?:ä|ae)tte gerne?\b|w(?:ü"
        r"|ue)rde gerne?\b"
        r"|m(?:ö|oe)chte\b|brauche\b)",
        re.IGNORECASE,
    ),
    stops=said(
        "abmelden|mich abmelden|bitte abmelden|abmeldung|alles abmelden|abbestellen|bitte abbestellen|austragen"
        "|bitte austragen|stopp|alles stoppen|alles abbestellen"
    ),
    stops_by_phone=said("ende|beenden"),
    person=_PERSONS | {f"{word} bitte" for word in _PERSONS} | {f"bitte {word}" for word in _PERSONS},
    wants_person=re.compile(
        r"\b(?:ich (?:will|mochte|moechte|wurde|wuerde|muss|kann)|kann ich|konnte ich|koennte ich|darf ich|kann man"
        r"|lassen sie mich|lass mich|mochte|moechte|wurde|wuerde)"
        r"(?: (?:bitte|gern|gerne|lieber|nur|einfach|jetzt|erst|zuerst|mal|doch|kurz|direkt|sofort|hier|auch"
        r"|dringend))*"
        r" mit(?: (?:einem|einer|einen|eurem|eurer|ihrem|ihrer|der|dem|ner|nem|echten|echter|richtigen|realen|lebenden"
        rf"|menschlichen|lebendigen))* {_PERSON}"
        r"(?: (?:von|aus) (?:ihnen|euch|ihrem team|eurem team|dem team|dem vertrieb|ihrem haus|der firma))?"
        r"(?: (?:sprechen|reden|schreiben|telefonieren|chatten|verbunden werden|zu tun haben))?"
        r"(?: (?:bitte|jetzt|sofort|heute|hier|danke|konnen|koennen|wenn moglich))*$"
    ),
    names_person=re.compile(
        r"\b(?:mensch\w*|person|personen|jemand\w*|echte[rns]?|verbinde\w*|sprechen|reden|telefonier\w*|anrufen|ruf\w*"
        r"|ruckruf|rueckruf|mitarbeiter\w*|kolleg\w*|berater\w*|personlich\w*|ansprech\w*|chef\w*)\b"
    ),
    cancels=re.compile(
        r"(?:(?:oh|ach|ah|ok|okay|nein|ne|nee|na gut|gut|sorry|entschuldigung|eigentlich|bitte|hm+|a+h+m*|moment"
        r"|warte|doch"
        r"|ja|egal|wissen sie was|weisst du was|ich mochte|ich moechte|ich will|das|alles|jetzt) )*"
        r"(?:abbrechen|abbruch|(?:brechen (?:wir|sie)|brich|ich breche|breche) (?:das |es )?(?:hier |bitte )*ab"
        r"|stornieren|storno|vergiss (?:es|das|alles|das ganze|das alles)|vergessen (?:sie|wir) (?:es|das|alles"
        r"|das ganze)"
        r"|vergesst (?:es|das)|lassen wir (?:es|das)(?: (?:sein|bleiben|gut sein))?|lass(?:en sie)? (?:es|das)"
        r" (?:sein|bleiben|gut sein)|lass(?:en sie)? (?:es|das)|lass gut sein|lass stecken|(?:das )?hat sich erledigt"
        r"|erledigt sich|schon gut|nicht so wichtig|nicht wichtig|ist nicht so wichtig)"
        r"(?: (?:dann|bitte|danke|sorry|lieber|doch|wieder|jetzt|einfach|mal|hier|vorerst))*"
    ),
    cancels_named=re.compile(
        r"(?:(?:bitte|ich will|ich mochte|ich moechte|wir wollen|konnen sie|koennen sie|kannst du) )*(?:die|den|das"
        r"|diese"
        r"|diesen|dieses|meine|meinen) (\w+(?: \w+)??) (?:abbrechen|stornieren|beenden|stoppen|abblasen|absagen)"
        r"(?: bitte| jetzt| doch)*"
    ),
    goes_on=said(
        "weiter|weiter bitte|weitermachen|weiter gehts|weiter geht s|mach weiter|machen sie weiter|machen wir weiter"
        "|fortfahren|fortsetzen|los gehts|los geht s|und weiter"
    ),
    parting=re.compile(
        r"tsch(?:ü|ue|au|ö)|\btschau\b|auf wieder(?:sehen|h(?:ö|oe)ren|schau)|\bservus\b|\bbaba\b|pf(?:ia|üa)t|\bade\b"
        r"|\badieu\b|\bciao\b|uf widerluege|\bbis (?:dann|bald|morgen|sp(?:ä|ae)ter|n(?:ä|ae)chste|zum n(?:ä|ae)chsten"
        r"|demn(?:ä|ae)chst|denn)|sch(?:ö|oe)ne[ns]? (?:tag|abend|feierabend|woche|wochenende|nachmittag|gru(?:ß|ss))"
        r"|gute nacht|mach(?:'?s|t'?s|en sie'?s| es|en sie es) gut|ich muss (?:los|weg|jetzt|gehen)"
        r"|bin (?:dann |jetzt |mal )*weg|das (?:w(?:ä|ae)r'?s|war'?s|war es)\b"
        r"|das (?:war|ist|w(?:ä|ae)re?)(?: dann| schon| jetzt| auch)* alles|keine (?:weiteren )?fragen"
        r"|leb(?:en sie)? wohl|wir h(?:ö|oe)ren",
        re.IGNORECASE,
    ),
    ourselves=re.compile(r"\b(?:wir|uns|unser\w*|mein\w*)\b", re.IGNORECASE),
    for_people=re.compile(_BOOKED, re.IGNORECASE),
    places=re.compile(
        r"\b(?:pl(?:ä|ae)tze?|tickets?|karten?|sitzpl(?:ä|ae)tze?) (?:f(?:ü|ue)r|am|im|beim|in|auf)\b", re.IGNORECASE
    ),
)  # fmt: skip
