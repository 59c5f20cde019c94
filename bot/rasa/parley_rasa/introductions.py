"""The words with which people say who they are and where they work, by language. Data only; reads no text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Introduction:
    """Regular expressions, case ignored, and words that a name is told from.

    Attributes:
        called: before a name and nothing else ("my name is").
        i_am: before a name or anything that one can be.
        greeting: what may stand before ``i_am`` in the same sentence.
        after: words that end a name.
        of: between a name and a company.
        works_at: before a company.
        no_name: what people say they are which is no name.
        lead_in: before the answer to a question for a name.
        company_lead_in: before the answer to a question for a company.
    """

    called: str
    i_am: str
    greeting: str
    after: str
    of: str
    works_at: str
    no_name: frozenset[str]
    lead_in: str
    company_lead_in: str


INTRODUCTIONS = {
    "es": Introduction(
        called=r"me llamo|mi nombre (?:completo )?es|mi nombre:|ll[aá]m[ae](?:me|nme)|puedes llamarme"
            r"|todos me llaman|me dicen",
        i_am=r"(?:yo )?soy(?: (?:la se[ñn]ora|el se[ñn]or|la se[ñn]orita|la doctora|el doctor))?|aqu[ií]|(?:te|le"
            r"|les) habla|le saluda|te saluda|te escribe|le escribe|habla",
        greeting=r"hola|buenas|buenos d[ií]as|buenas tardes|buenas noches|saludos",
        after=r"de|del|en|y|trabajo|pero|somos|con|para|desde|aunque|que|mi",
        of=r"de(?: la empresa| la compa[ñn][ií]a| la| los| las)?|del|desde|en",
        works_at=r"trabajo (?:en|para)|estoy en la empresa|(?:mi|nuestra|la) (?:empresa|compa[ñn][ií]a|firma"
            r"|agencia)(?: se llama| es)?"
        r"|nos llamamos|en nombre de|empresa:|soy (?:de|due[ñn][oa] de|propietari[oa] de) la empresa|somos la empresa"
        r"|de la empresa|represento a|vengo de parte de|pertenezco a|(?:empresa|compa[ñn][ií]a|tienda) llamada"
        r"|colaboro con",
        no_name=frozenset(
            "interesado interesada cliente clienta nuevo nueva espanol espanola mexicano mexicana argentino argentina"
            " autonomo autonoma aqui un una el la los las muy director directora jefe jefa gerente responsable"
            " dueno duena"
            " alguien persona particular yo de del seguro segura estudiante empresario empresaria importante"
            " urgente posible"
            " verdad consciente mentira cierto importante hoy manana lunes martes miercoles jueves viernes sabado"
            " domingo".split()
        ),
        lead_in=r"(?:hola[,!. ]+)?(?:me llamo|mi nombre (?:completo )?es|soy|es|ll[aá]mame|puedes llamarme"
            r"|yo me llamo|yo soy)",
        company_lead_in=r"(?:trabajo (?:en|para)|es|somos|soy de|(?:mi|nuestra|la) (?:empresa|compa[ñn][ií]a) (?:es"
            r"|se llama)"
        r"|se llama|nos llamamos|de(?: la empresa)?|en(?: la empresa)?)",
    ),
    "fr": Introduction(
        called=r"je m'appelle|moi c'est|mon (?:pr[eé])?nom est|mon (?:pr[eé])?nom c'est|appelez[- ]moi"
            r"|appelle[- ]moi|on m'appelle"
        r"|tout le monde m'appelle|vous pouvez m'appeler|mon (?:pr[eé])?nom ?:|je me nomme",
        i_am=r"(?:moi,? )?je suis|ici|moi,?",
        greeting=r"bonjour|salut|bonsoir|coucou|all[oô]",
        after=r"de|du|d'|des|chez|et|je|mais|nous|on|avec|pour|qui|à|a|en",
        of=r"de(?: la soci[eé]t[eé]| l'entreprise)?|du|chez|d'",
        works_at=r"je (?:travaille|bosse) (?:chez|pour|à|au sein de)|je suis chez|(?:mon|notre|ma|la"
            r"|l')\s?(?:entreprise|soci[eé]t[eé]|bo[iî]te"
        r"|agence|employeur)(?: s'appelle| est| c'est)?|nous nous appelons|on s'appelle|au nom de|soci[eé]t[eé] ?:"
        r"|entreprise ?:"
        r"|de la soci[eé]t[eé]|de l'entreprise|pour le compte de|je repr[eé]sente|(?:soci[eé]t[eé]|entreprise"
        r"|bo[iî]te) (?:appel[eé]e|nomm[eé]e|qui s'appelle)|chez",
        no_name=frozenset(
            "interesse interessee client cliente nouveau nouvelle francais francaise belge suisse canadien"
            " canadienne un une"
            " d'accord daccord aussi vrai faux fan maman papa le la les tres directeur directrice responsable"
            " gerant gerante chef pas la ici en a au du de content"
            " contente"
            " quelqu'un seul seule etudiant etudiante particulier urgent bien desole desolee sur sure bon possible vrai"
            " lundi mardi mercredi jeudi vendredi samedi dimanche demain important independant independante plutot"
            " maintenant vite rapidement svp stp quand sur avant apres vers des ce cet cette mon directement si"
            " quelquun tout vous s il partout souvent tard toujours".split()
        ),
        lead_in=r"(?:bonjour[,!. ]+)?(?:je m'appelle|moi c'est|mon (?:pr[eé])?nom (?:est|c'est)|je suis|c'est"
            r"|appelez[- ]moi)",
        company_lead_in=r"(?:je (?:travaille|bosse) (?:chez|pour|à)|c'est|nous sommes|on est|je suis (?:de |chez )?"
            r"|(?:mon|notre|ma|la|l')\s?"
        r"(?:entreprise|soci[eé]t[eé]|bo[iî]te)(?: c'est| est| s'appelle)|chez|elle s'appelle|de la soci[eé]t[eé])",
    ),
    "de": Introduction(
        called=r"ich hei(?:ß|ss)e|mein (?:vor)?name (?:ist|lautet)|mein (?:vor)?name:|nenn(?:en sie)? mich|(?:alle"
            r"|man) nenn(?:en|t) mich"
        r"|du kannst mich|sie k[oö]nnen mich|der name ist",
        i_am=r"ich bin(?: der| die)?|hier ist|hier spricht|hier schreibt|hier",
        greeting=r"hallo|hi|guten tag|guten morgen|guten abend|moin|servus|gr[uü](?:ß|ss) gott|gr[uü]ezi|hey",
        after=r"von|vom|aus|bei|und|aber|mit|wir|ich|nennen|f[uü]r|der|die|hier",
        of=r"von(?: der firma)?|vom|aus(?: der firma)?|bei(?: der firma)?|von der|der(?: firma)?|des",
        works_at=r"(?:ich )?arbeite (?:bei|f[uü]r)(?: der| die)?(?: firma)?|ich bin (?:bei|von)(?: der)?(?: firma)?"
        r"|(?:meine|unsere|die) (?:firma|agentur)(?: hei(?:ß|ss)t| ist)?"
        r"|(?:mein|unser|das) (?:unternehmen|betrieb|arbeitgeber|b[uü]ro)(?: hei(?:ß|ss)t| ist)?|wir hei(?:ß|ss)en"
        r"|wir sind die(?: firma)?"
        r"|im namen (?:von|der)(?: firma)?|firma:|unternehmen:|von der firma|bei der firma|t[aä]tig bei"
        r"|angestellt bei|in der firma|(?:firma|unternehmen|betrieb) namens",
        no_name=frozenset(
            "interessiert interessent interessentin kunde kundin neukunde student studentin deutscher deutsche"
            " osterreicher"
            " osterreicherin schweizer schweizerin rentner rentnerin freelancer freiberufler freiberuflerin anfanger"
            " unternehmer unternehmerin grunder grunderin mitarbeiter mitarbeiterin privatperson selbststandig"
            " selbstandig"
            " selbststandiger chef chefin inhaber inhaberin der die das ein eine nicht neu hier aus bei von sehr"
            " auch noch"
            " mir sicher dabei gerade geschaftsfuhrer geschaftsfuhrerin leiter leiterin einverstanden zufrieden krank"
            " montag dienstag mittwoch donnerstag freitag samstag sonntag morgen heute dringend wichtig okay quatsch"
            " mutter vater mama papa fan vegetarier vegetarierin veganer veganerin neugierig mensch alles wahr schade"
            " berliner berlinerin hamburger munchner kolner wiener zurcher osterreicher unsinn richtig falsch gut"
            " super toll".split()
        ),
        lead_in=r"(?:(?:hallo|hi|guten tag)[,!. ]+)?(?:ich hei(?:ß|ss)e|mein (?:vor)?name (?:ist|lautet)"
            r"|ich bin(?: der| die)?|hier ist|nenn(?:en sie)? mich"
        r"|das ist)",
        company_lead_in=r"(?:ich (?:arbeite|bin) (?:bei|f[uü]r|von)(?: der| die)?(?: firma)?|(?:das ist|es ist"
            r"|wir sind|ist)(?: die)?(?: firma)?"
        r"|(?:meine|unsere|die) firma (?:hei(?:ß|ss)t|ist)|(?:mein|unser|das) (?:unternehmen|betrieb) (?:hei(?:ß"
        r"|ss)t|ist)|wir hei(?:ß|ss)en|bei(?: der)?|firma)",
    ),
}  # fmt: skip
PARTICLES = (
    r"van der|van den|von der|von dem|von und zu|de la|de las|de los|de le|van|zu|del|della|di|da|dos|des|bin|ibn|ter"
    r"|ten|den"
)
"""Words in the midst of a family name, in lower case."""
