"""What jobs are called, by language. Data only; regular expressions in lower case."""

from __future__ import annotations

from dataclasses import dataclass

_SHORT = "ceo|cfo|coo|cto|cmo|cio|cpo|cro|chro|cdo|ciso|vp|svp|evp|md"


@dataclass(frozen=True)
class RoleWords:
    """Parts of the name of a job.

    Attributes:
        said: what comes before it ("I work as").
        article: what may stand between the two.
        before: words before the noun that belong to the job ("senior", "marketing"); None when there are none.
        noun: the job.
        own: nouns that need nothing more and are followed by a company ("owner of").
        after: what may follow the noun by itself ("general").
        of: what joins the noun and what it is about.
        about: what a job may be about, whatever its case.
    """

    said: str
    article: str
    before: str
    noun: str
    own: str
    after: str
    of: str
    about: str


_DEPARTMENTS_EN = (
    "finance|accounting|accounts|sales|marketing|operations|ops|hr|human resources|people(?: (?:ops|operations))?"
    "|products?"
    "|product management|engineering|technology|it|purchasing|procurement|customer (?:success|service|support"
    "|experience|care)"
    "|support|growth|legal|compliance|design|data|analytics|security|logistics|supply chain|production|manufacturing"
    "|quality"
    "|research|development|r&d|communications?|pr|partnerships|business development|revenue|e-?commerce|digital"
    "|content|brand"
    "|events|facilities|training|education|innovation|strategy|risk|administration|admissions|fundraising"
    "|demand generation"
)
ROLES = {
    "en": RoleWords(
        said=r"i'?m|i am|i work as|i'm working as|working as|i serve as|employed as|my (?:job |current )?(?:title"
            r"|role|position|job) is"
        r"|i'm employed as|(?:role|position|title|job title):",
        article=r"the|an?|your|our|their|its|currently|also|now|actually",
        before=rf"senior|junior|sr\.?|jr\.?|lead|chief|deputy|assistant|associate|managing|executive|general"
            rf"|regional|national"
        rf"|global|group|interim|acting|commercial|financial|technical|creative|managing|office|project|program"
        rf"|programme"
        rf"|account|software|small business|business|restaurant|backend|frontend|full[- ]stack|team|store|shop|plant"
        rf"|branch|area|tax|web|social media"
        rf"|key account"
        rf"|{_DEPARTMENTS_EN}",
        noun=rf"{_SHORT}|chief (?:\w+ ){{1,2}}officer|vice president|president|(?:co-?)?founder|(?:co-?)?owner"
            rf"|director|manager|head|lead|leader"
        r"|supervisor|coordinator|officer|executive|administrator|assistant|secretary|accountant|bookkeeper"
        r"|controller|auditor"
        r"|analyst|consultant|advis[eo]r|engineer|developer|programmer|architect|designer|scientist|researcher"
        r"|technician"
        r"|specialist|strategist|planner|buyer|recruiter|marketer|copywriter|editor|lawyer|attorney|solicitor|doctor"
        r"|nurse|dentist"
        r"|teacher|professor|lecturer|student|intern|trainee|freelancer|contractor|entrepreneur|salesperson|sales rep"
        r"|representative|realtor|broker|clerk|receptionist|electrician|plumber|carpenter|mechanic|photographer"
        r"|partner|chairman"
        r"|chairwoman|treasurer",
        own=rf"{_SHORT}|chief (?:\w+ ){{1,2}}officer|president|(?:co-?)?founder|(?:co-?)?owner|partner"
            rf"|managing director",
        after=r"general|emeritus",
        of=r"(?:of|for)(?: the)?",
        about=_DEPARTMENTS_EN,
    ),
    "es": RoleWords(
        said=r"soy|yo soy|trabajo (?:como|de)|ejerzo (?:como|de)|mi (?:cargo|puesto|rol|funci[oó]n|profesi[oó]n) es"
            r"|(?:cargo|puesto|rol):"
        r"|ocupo el (?:cargo|puesto) de|trabajo en [\wÀ-ÿ&.]+ como|como",
        article=r"el|la|un|una|su|vuestr[oa]|actualmente|tambi[eé]n",
        before=r"sub|vice|ex",
        noun=rf"{_SHORT}|(?:sub)?director(?:a|es)?|(?:sub)?gerente|jef[ea]|responsable|encargad[oa]|coordinador[a]?"
            rf"|administrador[a]?|administrativ[oa]"
        r"|due[ñn][oa]|propietari[oa]|(?:co)?fundador[a]?|soci[oa]|(?:vice)?president[ea]|consejer[oa] delegad[oa]"
        r"|contable|contador[a]?|analista"
        r"|consultor[a]?|asesor[a]?|ingenier[oa]|desarrollador[a]?|programador[a]?|dise[ñn]ador[a]?|t[eé]cnic[oa]"
        r"|comercial|vendedor[a]?"
        r"|comprador[a]?|abogad[oa]|m[eé]dic[oa]|enfermer[oa]|profesor[a]?|maestr[oa]|aut[oó]nom[oa]|empresari[oa]"
        r"|emprendedor[a]?|secretari[oa]"
        r"|asistente|recepcionista|becari[oa]|estudiante|arquitect[oa]|manager|head|freelance|dentista"
        r"|supervisor[a]?",
        own=rf"{_SHORT}|due[ñn][oa]|propietari[oa]|(?:co)?fundador[a]?|soci[oa]|consejer[oa] delegad[oa]",
        after=r"general|comercial|financier[oa]|ejecutiv[oa]|t[eé]cnic[oa]|creativ[oa]|regional|adjunt[oa]"
            r"|administrativ[oa]|jur[ií]dic[oa]"
        r"|nacional|industrial|inform[aá]tic[oa]|m[eé]dic[oa]|art[ií]stic[oa]|fiscal|junior|senior|s[eé]nior"
        r"|fundador[a]?|marketing|de [aá]rea",
        of=r"(?:de|del|de la|de los|de las|of|en)",
        about=r"compras|ventas|finanzas|marketing|operaciones|recursos humanos|rrhh|rr\.hh\.|personal|producto"
            r"|ingenier[ií]a|tecnolog[ií]a"
        r"|sistemas|it|log[ií]stica|calidad|producci[oó]n|comunicaci[oó]n|administraci[oó]n|contabilidad"
        r"|desarrollo(?: de negocio)?|proyectos?"
        r"|innovaci[oó]n|atenci[oó]n al cliente|cliente|clientes|legal|dise[ñn]o|datos|seguridad|formaci[oó]n|tienda"
        r"|oficina|software|sales|finance"
        r"|cuentas|inform[aá]tica|expansi[oó]n|estrategia|riesgos|almac[eé]n",
    ),
    "fr": RoleWords(
        said=r"je suis|moi je suis|je travaille (?:comme|en tant que)|mon (?:poste|r[oô]le|m[eé]tier|titre) (?:est"
            r"|c'est)|ma fonction (?:est|c'est)|(?:poste|fonction) ?:"
        r"|j'occupe le poste de|en tant que|comme",
        article=r"le|la|l'|un|une|actuellement|aussi|votre",
        before=r"vice-|sous-|ex-",
        noun=rf"{_SHORT}|pdg|dg|daf|drh|dsi|(?:sous-)?direct(?:eur|rice)|g[eé]rante?|chef(?:fe)?|responsable"
            rf"|(?:vice-)?pr[eé]sidente?|(?:co-?)?fondat(?:eur|rice)"
        r"|propri[eé]taire|associ[eé]e?|patron(?:ne)?|dirigeante?|comptable|contr[oô]leu(?:r|se)|analyste"
        r"|consultante?|conseill(?:er|[eè]re)"
        r"|ing[eé]nieure?|d[eé]veloppeu(?:r|se)|programmeu(?:r|se)|designer|graphiste|technicien(?:ne)?|commerciale?"
        r"|vendeu(?:r|se)|acheteu(?:r|se)"
        r"|avocate?|m[eé]decin|infirmi(?:er|[eè]re)|professeure?|enseignante?|assistante?|secr[eé]taire|charg[eé]e?"
        r"|entrepreneure?"
        r"|auto-?entrepreneure?|ind[eé]pendante?|[eé]tudiante?|stagiaire|manager|head|gestionnaire|architecte"
        r"|dentiste|freelance|juriste|coordinat(?:eur|rice)",
        own=rf"{_SHORT}|pdg|dg|patron(?:ne)?|(?:co-?)?fondat(?:eur|rice)|propri[eé]taire|pr[eé]sidente?",
        after=r"g[eé]n[eé]rale?|financi(?:er|[eè]re)|commerciale?|technique|marketing|adjointe?|administrati(?:f|ve)"
            r"|juridique|artistique|informatique"
        r"|r[eé]gionale?|nationale?|ex[eé]cuti(?:f|ve)|logistique|qualit[eé]|produit|industrielle?|achats?|ventes?"
        r"|rh|it|junior|senior|logiciel|ind[eé]pendante?|fondat(?:eur|rice)",
        of=r"(?:de la |de l'|des |du |de |d'|of )",
        about=r"achats?|ventes?|finances?|marketing|op[eé]rations|ressources humaines|rh|personnel|produits?"
            r"|ing[eé]nierie|technologie|syst[eè]mes"
        r"|informatique|logistique|qualit[eé]|production|communication|administration|comptabilit[eé]"
        r"|d[eé]veloppement(?: commercial)?|projets?|innovation"
        r"|relation clients?|service clients?|clients?|client[eè]le|juridique|design|donn[eé]es|s[eé]curit[eé]"
        r"|formation|magasin|agence|bureau|gestion|sales|finance"
        r"|cl(?:ients|ient[eè]le)|[eé]tudes|mission|recrutement|strat[eé]gie|vente en ligne|travaux",
    ),
    "de": RoleWords(
        said=r"ich bin|ich arbeite (?:hier |dort )?als|ich arbeite bei [\wÀ-ÿ&. -]{1,40}? als|t[aä]tig als"
            r"|meine (?:position|funktion|rolle|stelle|aufgabe) ist"
        r"|mein (?:job|beruf|titel) ist|(?:position|funktion|rolle):|als|ich bin (?:hier|dort|bei [\wÀ-ÿ&.-]+)",
        article=r"der|die|ein|eine|hier|dort|der neue|die neue|selbst|auch|derzeit|aktuell",
        before=r"stellvertretende[r]?|leitende[r]?|kaufm[aä]nnische[r]?|technische[r]?|senior|junior"
            r"|gesch[aä]ftsf[uü]hrende[r]?|selbstst[aä]ndige[r]?|freie[r]?"
        r"|angestellte[r]?|zust[aä]ndige[r]?|verantwortliche[r]?",
        noun=rf"{_SHORT}|head|(?:[a-zäöüß]+-?)?(?:gesch[aä]ftsf[uü]hr|leit|f[uü]hr|berat|entwickl|programmier"
            rf"|buchhalt|verk[aä]uf|eink[aä]uf|bearbeit|arbeit|lehr|technik"
        r"|verwalt|planungs|gestalt|designer?|controll|gr[uü]nd|inhab|grafik|train|coach|unternehm|lanc|beruf[l]?"
        r"|manag|handwerk|maler|meist)er(?:in)?"
        r"|(?:[a-zäöüß]+-?)?(?:chef|direktor|assistent|sekret[aä]r|ingenieur|architekt|analyst|referent|student"
        r"|praktikant|prokurist|koordinator|controller|manager|designer"
        r"|inhaber|gr[uü]nder|freelancer|freiberufler|trainer)(?:in)?|vorst[aä]nd(?:in)?|vorstand"
        r"|gesch[aä]ftsleitung|consultant|anwalt|anw[aä]ltin|(?:[a-zäöüß]+)?anwalt|arzt|[aä]rztin|azubi"
        r"|(?:[a-zäöüß]+)?(?:kauffrau|kaufmann|fachkraft|hilfskraft|lead)|selbstst[aä]ndige?r?|selbst[aä]ndige?r?"
        r"|(?:[a-zäöüß]+)?verantwortliche[r]?|(?:[a-zäöüß]+)?beauftragte[r]?|(?:schreiner|tischler|b[aä]cker|metzger"
        r"|fleischer|friseur|elektriker|klempner"
        r"|installateur|maurer|dachdecker|g[aä]rtner|landwirt|kellner|fotograf|journalist|florist|psycholog"
        r"|therapeut|physiotherapeut|apotheker|notar|k[uü]nstler|musiker"
        r"|autor|[uü]bersetzer|dozent|professor|makler|texter|redakteur|polizist|pfarrer|optiker|mechaniker"
        r"|mechatroniker|zahnarzt|tierarzt|zimmerer)(?:in)?|koch|k[oö]chin|zimmermann",
        own=rf"{_SHORT}|inhaber(?:in)?|(?:mit)?gr[uü]nder(?:in)?|gesch[aä]ftsf[uü]hrer(?:in)?|vorstand",
        after=r"einkauf|vertrieb|marketing|finanzen|personal|it|produktion|logistik|hr|entwicklung|technik"
            r"|operations|sales|kundenservice|buchhaltung|controlling"
        r"|rechnungswesen|kommunikation|qualit[aä]t|produktmanagement|e-?commerce|verwaltung|digital",
        of=r"(?:der|des|im|f[uü]r|f[uü]r den|f[uü]r die|in der|of)",
        about=r"einkaufs?|vertriebs?|marketings?|finanzen|personals?|it|produktion|logistik|hr|entwicklung|technik"
            r"|sales|marketing|kundenservice|buchhaltung|controlling|finance"
        r"|verwaltung|kommunikation|operations|product|people|(?:[a-zäöüß]+)?(?:abteilung|bereichs?|buchhaltung"
        r"|entwicklung|verwaltung|betreuung|leitung)",
    ),
}  # fmt: skip
