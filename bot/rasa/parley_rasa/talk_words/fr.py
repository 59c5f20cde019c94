"""How people talk in French, in Europe and in Québec; see `shape`. Data only; reads no text."""

from __future__ import annotations

import re

from parley_rasa.talk_words.shape import TalkWords, said

_PLEASE = r"(?: svp| stp| s il vous plait| s il te plait| merci)*"
_ARTICLE = (
    r"(?:le |la |les |l |mes |mon |ma |vos |votre |ces |cette |tous les |toutes les |de |des |du |d |de la |de l )*"
)
_CLIENT = r"(?:je|on|nous|moi)"
_TELL = r"(?:dire|donner|communiquer|partager|repondre|laisser|fournir|preciser|indiquer|devoiler|divulguer)"

WORDS = TalkWords(
    yes=said(
        "oui|ouais|ouaip|ouep|oui oui|mais oui|ben oui|bah oui|eh oui|oui svp|oui stp|oui s il vous plait"
        "|oui s il te plait|oui merci|merci oui|oui bien sur|bien sur|bien sur que oui|bien entendu|oui bien entendu"
        "|evidemment|tout a fait|oui tout a fait|absolument|oui absolument|exactement|oui exactement|certainement"
        "|oui certainement|effectivement|daccord|oui daccord|je suis daccord|oui je suis daccord|ok daccord|daccord ok"
        "|entendu|volontiers|oui volontiers|avec plaisir|oui avec plaisir|j accepte|oui j accepte|je consens"
        "|oui je consens|je veux bien|oui je veux bien|oui je veux|j autorise|oui j autorise|je vous autorise"
        "|oui je vous autorise|je le souhaite|oui je le souhaite|vas y|allez y|oui vas y|oui allez y|ok allez y"
        "|ok vas y|c est bon|oui c est bon|ca marche|oui ca marche|ca me va|oui ca me va|ca me convient|oui ok|ok oui"
        "|carrement|oui carrement|pourquoi pas|oui pourquoi pas|oui vous pouvez|vous pouvez|oui envoyez|exact"
        "|oui exact|c est exact|oui c est exact|correct|oui correct|c est correct|oui c est correct|c est ca"
        "|oui c est ca|parfait|oui parfait|nickel|oui nickel|avec joie|affirmatif|bien oui|oui allons y|allons y"
        "|certain|oui certain|oui super|entendu oui"
    ),
    no=said(
        "non|nan|non merci|merci non|non non|mais non|ben non|bah non|que non|non svp|non s il vous plait|pas du tout"
        "|non pas du tout|surtout pas|non surtout pas|jamais|non jamais|certainement pas|non certainement pas"
        "|absolument pas|non absolument pas|pas question|hors de question|pas maintenant|non pas maintenant"
        "|pas maintenant merci|non pas maintenant merci|pas aujourdhui|non pas aujourdhui|pas aujourdhui merci"
        "|pas interesse|pas interessee|non pas interesse|non pas interessee|ca ne m interesse pas|ca m interesse pas"
        "|je ne suis pas interesse|je ne suis pas interessee|je suis pas interesse|je suis pas interessee"
        "|je ne veux pas|je veux pas|non je ne veux pas|non je veux pas|je ne souhaite pas|non je ne souhaite pas"
        "|je refuse|non je refuse|je decline|je n accepte pas|non je n accepte pas|je ne suis pas daccord"
        "|je suis pas daccord|pas daccord|non pas daccord|pas vraiment|non pas vraiment|non desole|non desolee"
        "|desole non|desolee non|plutot non|plutot pas|non plutot pas|je prefere pas|je ne prefere pas"
        "|je prefererais pas|j aimerais mieux pas|j aime mieux pas|sans facon|non sans facon|merci sans facon"
        "|pas la peine|non pas la peine|ce n est pas la peine|c est pas la peine|pas besoin|non pas besoin"
        "|non c est bon"
        "|non c est bon merci|non ca va|non ca va merci|non ca ira|ca ira merci|pas pour moi|negatif|pas de mails"
        "|pas de mail|pas d emails|pas d email|pas de courriels|pas de courriel|non pas de mails|non pas de mail"
        "|non pas d emails|aucun email|non mais merci|mais non merci|pas cette fois|non pas cette fois"
    ),
    plain_yes="oui",
    plain_no="non",
    lukewarm=said(
        "daccord|ok daccord|daccord ok|entendu|c est bon|ca marche|pourquoi pas|parfait|nickel|exact|correct|c est ca"
        "|c est exact|c est correct|effectivement|vas y|ok vas y|ca me va|ca me convient|evidemment"
    ),
    refusing=said("non|nan"),
    negations=said("pas|jamais|aucun|aucune|rien|merci|surtout|ni"),
    hedges=said(
        "mais|sauf|peut|si|oui|ouais|sinon|probleme|problemes|souci|soucis|pourquoi|quoi|comment|quand|quel|quelle"
        "|quels|quelles|avant|abord|doute|idee|objection|objections|inconvenient|encore|tard|ok|okay|daccord|seulement"
        "|depend|jusqu|inquietude"
    ),
    exclaimed=re.compile(r"^(?:(?:haha|ha|ah|oh|lol|mdr|euh|heu|ben|bah|bof|hum|hm|hmm|eh bien|merci mais|alors) )+"),
    hesitation=re.compile(
        r"^(?:(?:e+u+h+|h+e+u+|hum+|hm+|ben|bah|bon|alors|oh|ah|eh bien|oui|ouais|ok)[\s,.…]+)+(?=\S)", re.IGNORECASE
    ),
    takes_back=re.compile(
        r"^\s*(?:(?:non|nan|e+u+h+|h+e+u+|hum+|oups|pardon|d[ée]sol[ée]e?|excusez[- ]moi|excuse[- ]moi|en fait"
        r"|finalement|tout compte fait|r[ée]flexion faite|apr[èe]s r[ée]flexion|attendez|attends|correction"
        r"|rectification|erreur|mon erreur|petite erreur|je me suis tromp[ée]e?|je me trompe|je corrige"
        r"|j['’]ai fait (?:une erreur|une faute)|j['’]ai chang[ée] d['’]avis|ah|oh|ou plut[ôo]t|plut[ôo]t|enfin"
        r"|c['’]est (?:faux|pas [çc]a|pas juste)|ce n['’]est pas (?:[çc]a|juste|exact)|faute de frappe)"
        r"(?!\w)[\s,.:;!-]*)+",
        re.IGNORECASE,
    ),
    restates=re.compile(
        r"^(?:(?:plut[ôo]t|c['’]est|ce sont|c['’][ée]tait|je (?:voulais|veux) dire|je suis|mettez|mets|disons"
        r"|il faut (?:lire|mettre|[ée]crire)|ce (?:devrait|doit) [êe]tre|[çc]a (?:devrait|doit) [êe]tre|[çc]a fait"
        r"|nous sommes|on est|on sera|nous serons|je (?:pr[ée]f[èe]re|prends)"
        r"|(?:changez|change|remplacez)(?: (?:cela|[çc]a|le|la))? (?:en|pour|par))\s+)+(.{1,200})$",
        re.IGNORECASE,
    ),
    restates_by_itself=re.compile(
        r"^\s*(?=(?:je voulais dire|mettez plut[ôo]t|mets plut[ôo]t|il faut (?:lire|mettre)|(?:ce"
        r"|[çc]a) devrait [êe]tre"
        r"|changez (?:cela|[çc]a) (?:en|pour|par))\s)",
        re.IGNORECASE,
    ),
    instead_of=re.compile(
        r"(?:(?:non|pardon|d[ée]sol[ée]e?|en fait|je voulais dire|c['’]est|je suis|je m['’]appelle|nous sommes|on est"
        r"|mon nom est|mon pr[ée]nom est)[\s,]+)*(.{1,80}?),?\s+(?:et )?(?:non pas|pas|non)\s+(.{1,80})",
        re.IGNORECASE,
    ),
    not_but=re.compile(
        r"(?:(?:non|pardon|d[ée]sol[ée]e?|en fait|c['’]est|je suis|on est"
        r"|nous sommes)[\s,]+)*pas\s+(.{1,80}?),?\s+mais\s+(.{1,80})",
        re.IGNORECASE,
    ),
    ours=re.compile(
        r"(?:svp |merci de |pouvez[- ]vous |pourriez[- ]vous |peux[- ]tu )*"
        r"(?:change[rz]? |modifie[rz]? |corrige[rz]? |rectifie[rz]? |mett(?:ez|re) [àa] jour )?"
        r"(?:mon |ma |mes |notre |nos |le |la |les |l['’])",
        re.IGNORECASE,
    ),
    becomes=(
        r"(?: (?:est|c['’]est|[ée]tait|sont|devrait [êe]tre|doit [êe]tre|en|par|pour)(?: en fait| plut[ôo]t"
        r"| maintenant)?|,? c['’]est)[: ]+"
    ),
    first_name=("prénom", "prenom", "nom"),
    turns_off=re.compile(
        r"(?:(?:svp|merci de|veuillez|pouvez vous|pourriez vous|peux tu|je veux|je voudrais|j aimerais|je souhaite) )*"
        rf"(?:desactive[rz]?|coupe[rz]?|arrete[rz]?|stoppe[rz]?|stop|supprime[rz]?|enleve[rz]?|retire[rz]?|plus|pas"
        rf"|desabonne[rz]? moi|desinscri(?:vez|re) moi|me desabonner|me desinscrire"
        rf"|(?:je )?(?:ne )?(?:veux|souhaite) plus(?: recevoir)?) {_ARTICLE}"
        rf"(?P<off>\w+(?: \w+)??)(?: du tout)?{_PLEASE}"
    ),
    ordinals=tuple(
        map(
            said,
            ("premier|premiere|1er|1ere|un|une", "deuxieme|second|seconde|2e|2eme|2nd|deux", "troisieme|3e|3eme|trois",
             "quatrieme|4e|4eme|quatre", "cinquieme|5e|5eme|cinq", "sixieme|6e|6eme|six", "septieme|7e|7eme|sept",
             "huitieme|8e|8eme|huit", "neuvieme|9e|9eme|neuf"),
        )
    ),
    position=re.compile(
        r"(?:(?:je (?:choisis|prends|veux|voudrais|prefere)|c est|ce sera|ca sera|disons|mettez|plutot|va pour) )?"
        r"(?:le |la |l )?(?:numero |option |choix |reponse |no |nr |n )?(\w+)"
        rf"(?: (?:option|choix|proposition|creneau|horaire|date|guide|formule|seminaire|rendez vous|rdv))*{_PLEASE}"
    ),
    last=said("dernier|derniere"),
    negating=re.compile(r" (?:pas|ni|jamais|aucun|aucune|sauf|sans|non|ne) "),
    fails=re.compile(
        r" (?:ne |n )?(?:marche|marchent|fonctionne|fonctionnent|charge|chargent|s ouvre|s ouvrent|demarre|demarrent"
        r"|repond|repondent|part|partent|passe|passent|s affiche|s affichent|se synchronise|se synchronisent|s envoient"
        r"|arrive|arrivent|arrive (?:plus|pas) a|connecte|ouvre|envoie) (?:plus|pas|toujours pas|meme pas|meme plus) "
        r"| (?:plus|pas) (?:moyen|possible) | ne (?:peux|peut|pouvons) (?:plus|pas) | (?:peux|peut) (?:plus|pas) "
    ),
    empty=frozenset(
        "un une des de du d le la l les a au aux en dans sur par pour avec et ou que qu qui je j il elle on nous vous"
        " me m moi te se s ce c ca cela cette cet ces mon ma mes notre nos votre vos son sa ses leur est suis es sommes"
        " etes sont etre ai as avons avez ont avoir veux voudrais voudrait veut aimerais souhaite souhaiterais prefere"
        " plutot juste seulement bien tres si alors donc euh heu ben bah bon svp stp plait merci peux peut pouvez"
        " prends y disons genre du coup je pense crois dirais voila".split()
    ),
    any_time=re.compile(
        r"(?:(?:quel est|c est|donnez moi|je prends|ok|svp|juste|alors) )*(?:le |la |les |l )?"
        r"(?:plus tot(?: possible)?|premier(?:e)? (?:creneau|horaire|date|rendez vous|rdv|dispo\w*)"
        r"|premiere? disponible|n importe(?: lequel| laquelle| quand| quel creneau)?|peu importe|comme vous voulez"
        r"|comme ca vous arrange|tou(?:s|tes)(?: me)? (?:vont|conviennent)|tout me va|ca m est egal|au plus vite"
        r"|des que possible|le plus vite possible|plus vite possible|au choix|a vous de (?:choisir|voir)"
        r"|les deux(?: me vont)?|choisissez)"
        rf"(?: disponible| libre| possible| me va| me convient| ira| pour moi)*{_PLEASE}"
    ),
    asks_for_times=re.compile(
        r"(?:est ce que vous (?:avez|auriez)|avez vous|vous avez|auriez vous|vous auriez|y a t il|y aurait il"
        r"|est ce qu il y a|il y a|y a|quelque chose|quoi d autre|rien d autre|d autres|plutot (?:le|la|en|dans)"
        r"|c est possible|ce serait possible)"
    ),
    no_answer=said(
        "passer|passe|je passe|on passe|passez|sauter|saute|sautez|ignorer|suivant|suivante|question suivante"
        "|sans reponse|pas de reponse|rien|rien de special|rien de particulier|aucun|aucune|aucune idee"
        "|je n ai aucune idee|j ai aucune idee|pas d idee|personne d autre|anonyme|prive|c est prive|c est personnel"
        "|personnel|trop personnel|c est confidentiel|confidentiel|secret|c est un secret|je ne sais pas|je sais pas"
        "|j sais pas|jsais pas|chais pas|sais pas|j en sais rien|je n en sais rien|aucune idee desole"
        "|je ne sais pas encore|je sais pas encore|on ne sait pas|on sait pas|on ne sait pas encore"
        "|nous ne savons pas|nous ne savons pas encore|pas sur|pas sure|je ne suis pas sur|je ne suis pas sure"
        "|je suis pas sur|je suis pas sure|difficile a dire|peu importe|ca n a pas d importance|qu importe|bof|ras"
        "|mystere|pas encore|pas encore decide|pas decide|a voir|plus tard|peut etre plus tard|ulterieurement"
        "|c est tout|ce sera tout|rien d autre|rien de plus|rien a ajouter|sans commentaire"
        "|occupez vous de vos affaires"
        "|occupe toi de tes affaires|melez vous de vos affaires|mele toi de tes affaires|j ai oublie|je prefere pas"
        "|trop de questions|assez de questions|arretez vos questions|stop aux questions|sans opinion|nsp|nspp|jsp"
        "|pas envie|j ai pas envie|ca depend|va savoir"
    ),
    refuses=re.compile(
        r"(?:(?:non|nan|desolee?|pardon|euh|heu|ben|bah|bon|bof|svp|mais|et|merci|ecoutez|en fait|franchement) )*"
        r"(?:(?:ca|cela) (?:ne )?(?:vous|te) (?:regarde|concerne) pas|(?:ce )?n est pas (?:vos|tes) (?:affaires"
        r"|oignons)"
        r"|c est pas (?:vos|tes) (?:affaires|oignons)"
        rf"|je (?:prefere|prefererais|voudrais|aimerais|souhaite|souhaiterais|veux) (?:ne pas|pas) (?:vous |le |te )*"
        rf"{_TELL}\b.*|je (?:prefere|prefererais|voudrais|veux|souhaite) (?:ne pas|garder ca|le garder|garder cela"
        rf"|rester anonyme)\b.{{0,40}}|(?:j aimerais|j aime) (?:autant|mieux) (?:ne )?pas(?: {_TELL})?\b.*"
        rf"|{_CLIENT} (?:ne )?(?:veux|souhaite|desire|peux|voudrais|tiens|veut|peut) pas (?:a )?(?:vous |te |le |la "
        rf"|l )*"
        rf"{_TELL}\b.*|je (?:ne )?(?:vous |te )?(?:le |la )?(?:dirai|dis|donne|donnerai) (?:pas|rien)\b.*"
        rf"|je (?:ne )?(?:donne|communique|laisse|partage) (?:pas|jamais)\b.*|pas envie (?:de|d) (?:vous "
        rf"|le )*{_TELL}\b.*"
        r"|(?:est ce que )?(?:je suis|suis je|on est) obligee?\b.*|(?:est ce|c est) obligatoire|je suis obligee?\b.*"
        r"|(?:dois je|faut il|il faut) (?:vraiment |absolument )?(?:repondre|le dire|le donner|donner)\b.*"
        r"|(?:(?:on peut|peut on|je peux|puis je|pouvez vous|pourriez vous|je voudrais|j aimerais|je veux"
        r"|laissez moi) )*"
        r"(?:passer|sauter|ignorer|laisser)(?: (?:cette|la|ca|cela|celle ci|une))*(?: question| de cote| vide| etape)*"
        r"|(?:passons|passez|on passe|je passe|sautons|sautez)(?: (?:a|la|cette|question|suite|suivante|etape|ca))*"
        r"|je (?:ne )?sais pas (?:trop|vraiment|encore|quoi (?:dire|repondre|mettre|ecrire)|ce que je veux)"
        r"|(?:je )?(?:ne )?(?:suis )?pas (?:sure?|certaine?) (?:de ca|de quoi dire)"
        r"|rien (?:de (?:special|particulier|precis)|du tout)|pas grand chose|rien a (?:dire|signaler|declarer)"
        r"|pas (?:de|d) (?:nom|prenom|societe|entreprise|telephone|numero|numero de telephone|email|mail|adresse"
        rf"|adresse (?:email|mail)|courriel)(?: a donner| pour moi| pour l instant| pour le moment)*){_PLEASE}"
    ),
    has_none=re.compile(
        rf"(?:(?:non|nan|desolee?|ben|bah|mais|et|euh) )*{_CLIENT} (?:n |ne )?(?:ai|a|avons|utilise|utilisons"
        rf"|possede) pas"
        r" (?:de |d |encore de |encore d )?(?:entreprise|societe|boite|email|mail|courriel|adresse|adresse (?:email"
        r"|mail|electronique)|telephone|portable|mobile|numero|capture|photo|image|fichier|ca)\b.{0,20}"
        rf"|(?:(?:non|desolee?|ben|bah) )*j (?:n )?ai pas (?:de |d )?(?:entreprise|societe|boite|email|mail|courriel"
        r"|adresse|telephone|portable|mobile|numero|capture|photo|image|fichier|ca)\b.{0,20}"
        r"|(?:(?:non|desolee?) )*(?:je n en ai pas|j en ai pas|on n en a pas|on en a pas|nous n en avons pas)"
    ),
    asks_back=re.compile(
        r"(?:(?:mais|et|alors|donc|pardon|desolee?|euh|heu|hein|ben|bah|attendez|ok|excusez moi|du coup) )*"
        r"(?:quoi|hein|pardon|comment|comment ca|pourquoi|pourquoi ca|pourquoi donc|pourquoi cette question"
        r"|pour quoi faire|pourquoi faire|c est a dire|cad|plait il|vous dites|qu est ce que c est(?: que ca)?"
        r"|c (?:est )?(?:quoi|koi)(?: ca| cette question| l interet| le rapport| le but)?|pk|pq|pkoi|prq"
        r"|quel (?:est le )?(?:rapport|but|interet)|(?:c est )?a quel sujet|(?:de quoi|a quoi) (?:s agit il|ca sert)"
        r"|c est pour parler de quoi|pour parler de quoi"
        r"|pourquoi (?:est ce que )?(?:vous|tu|je|on|ca|c est|cela|devrais je|me|faut il|voulez vous|avez vous"
        r"|demandez vous|dois je)\b(?: .*)?(?:demand|besoin|sav|veu|veul|voul|interess|import|necessaire|utile|donn"
        r"|dire"
        r"|repond|posez|poses|question)\w*.*"
        r"|(?:que voulez vous|qu est ce que vous voulez|que veux tu|tu veux|vous voulez) dire\b.*"
        r"|(?:ca|cela) (?:veut dire quoi|sert a quoi|signifie quoi|change quoi)|a quoi (?:ca|cela) sert\b.*"
        r"|qu est ce que (?:ca|cela) (?:veut dire|signifie|change|fait)|que (?:signifie|veut dire) (?:ca|cela)"
        r"|que veut dire \w+(?: \w+)?|c est pour (?:quoi|quoi faire)|pour quelle raison|dans quel but|a quelle fin"
        r"|quelle (?:est la )?difference(?: entre (?:les deux|les trois|ces options))?"
        r"|c est quoi la difference\b.{0,40}"
        r"|(?:lequel|laquelle) est (?:mieux|le mieux|la mieux|le moins cher|la moins chere|plus avantageu\w+)"
        r"|(?:qu est ce que vous|que) (?:en )?(?:faites|ferez|allez vous (?:en )?faire|comptez)(?: vous)?\b.{0,40}"
        r"|vous (?:en )?(?:faites|ferez|allez (?:en )?faire) quoi\b.{0,30}"
        r"|(?:et )?ou (?:est ce que )?(?:je peux|puis je|peut on|on peut|je|on) (?:le |la |les )?(?:trouve\w*|voi\w*"
        r"|vois)"
        r"\b.{0,30}"
        r"|je (?:ne )?comprends? (?:pas|rien)(?: la question| ce que vous voulez(?: dire)?| votre question)?"
        r"|(?:j ai )?pas compris(?: la question)?|je n ai pas compris(?: la question)?"
        r"|(?:pouvez vous|pourriez vous|vous pouvez|peux tu) (?:m |me )?(?:expliquer|preciser|reformuler"
        r"|repeter)\b.{0,30}"
        r"|(?:expliquez|precisez|reformulez|repetez)(?: moi)?(?: ca| la question)?|que dois je (?:dire|mettre|ecrire"
        r"|repondre)(?: ici| la)?|qu est ce que je (?:dois|peux) (?:mettre|dire|repondre|ecrire)(?: ici| la)?"
        r"|je (?:mets|dis|reponds|dois mettre|dois dire) quoi(?: ici| la)?|qui veut savoir"
        r"|(?:a l )?aide|aidez moi|help|besoin d aide|j ai besoin d aide|(?:est ce|c est) (?:vraiment )?(?:necessaire"
        rf"|utile|indispensable)){_PLEASE}"
    ),
    about_messages=re.compile(
        r"(?:(?:et|mais|alors|donc|ok) )*(?:quel(?:le)?s? (?:genre|type|sorte|sortes|frequence|messages?|emails?|mails?"
        r"|courriels?|infos?|informations?|pubs?|publicites?)\b.*|quelle est la frequence\b.*"
        r"|combien (?:de|d|par)\b.*|a quelle frequence\b.*|tous les combien\b.*|c est souvent|souvent"
        r"|(?:qu est ce que|que) (?:vous )?(?:m |me |nous )?(?:envoyez|enverrez|allez vous (?:m |me )?envoyer|ecrivez"
        r"|allez (?:m |me )?envoyer)\b.*|vous (?:m |me )?(?:envoyez|enverrez|allez envoyer|allez m envoyer) quoi\b.*"
        r"|(?:qu est ce qu il y a|il y a quoi|y a quoi|c est quoi) (?:dedans|dans (?:ces|les|vos) \w+)\b.*"
        r"|(?:est ce que )?(?:je peux|puis je|on peut|peut on|je pourrai|pourrai je) (?:me |m )?(?:desabonner"
        r"|desinscrire"
        r"|arreter|annuler|changer|retirer|revenir)\b.*|c est du spam|vous allez me spammer|et si je (?:dis"
        r"|reponds) non"
        r"\b.*|si je (?:dis|reponds|refuse)\b.*|que se passe t il si\b.*|c est quoi comme (?:pub|messages?|mails?"
        r"|emails?)"
        r"\b.*)"
    ),
    asking=re.compile(
        r"^\W*(?:(?:et|mais|alors|donc|ok|okay|bonjour|bonsoir|salut|slt|bjr|coucou|svp|pardon|excusez[- ]moi"
        r"|dites[- ]moi|dis[- ]moi|bon|oui|du coup|sinon|par contre|d['’]accord|je voulais savoir|une question)\W+)*"
        r"(?:qu['’]|que\b(?! (?:du|des|de)\b)|quoi\b|qui\b|quel(?:le)?s?\b|comment\b|combien\b|o[uù] (?:est|sont|se"
        r"|puis|je"
        r"|on|peut|en|trouve|dois|vos|sera|seront)\b|d['’]o[uù]\b|quand\b|pourquoi\b|pk\b|pq\b|lequel\b|laquelle\b"
        r"|lesquel(?:le)?s\b|est[- ]ce\b|esque\b|es[- ]ce\b|c['’]est (?:quoi|combien|quand|o[uù]|possible|payant"
        r"|gratuit"
        r"|cher|s[ûu]r|s[ée]curis[ée])\b|(?:y[- ]?)a[- ]t[- ]il\b|y aurait[- ]il\b|y a moyen\b"
        r"|(?:avez|[êe]tes|faites|pouvez|pourriez|proposez|offrez|acceptez|savez|g[ée]rez|utilisez|vendez"
        r"|auriez)[- ]vous\b"
        r"|(?:as|es|peux|fais|sais)[- ]tu\b|(?:peut|doit|faut|est|sera|pourrait|existe|va|fait|a)[- ](?:t[- ])?"
        r"(?:on|il|elle|ce)\b|(?:puis|dois|pourrais|suis|vais|ai|serai)[- ]je\b|sont[- ](?:ils|elles|ce)\b"
        r"|vous (?:avez|proposez|faites|acceptez|[êe]tes|g[ée]rez|offrez|prenez|pouvez)\b|on peut\b|je peux\b"
        r"|(?:[àa]|de|par|pour|depuis|en|sur|dans|avec) (?:quoi|qui|quand|combien|quel(?:le)?s?|lequel|laquelle)\b"
        r"|(?:expliquez|montrez|expliques?)\b|j['’]aimerais savoir\b"
        r"|je (?:voudrais|veux|souhaite(?:rais)?|d[ée]sire(?:rais)?) savoir\b|quid\b)"
        r"|^(?!.*\b(?:sais|importe|sait|savons)\b).{1,80}\s(?:combien|quoi|comment|pourquoi|quand|o[uù])\W*$",
        re.IGNORECASE,
    ),
    requesting=re.compile(
        r"^\W*(?:(?:et|mais|alors|donc|ok|okay|bonjour|bonsoir|salut|slt|bjr|coucou|en fait|non|oui|bon|d[ée]sol[ée]e?"
        r"|finalement|d['’]accord|du coup)\W+)*(?:svp\b|s['’]il (?:vous|te) pla[iî]t\b|merci de\b|veuillez\b"
        r"|je (?:veux|voudrais|souhaite(?:rais)?|d[ée]sire(?:rais)?|aimerais|pr[ée]f[èe]re(?:rais)?)\b"
        r"|j['’]?aimerais\b|j['’]?ai besoin\b|nous (?:voulons|voudrions|souhaitons|souhaiterions|aimerions)\b"
        r"|on (?:veut|voudrait|aimerait|souhaite(?:rait)?|a besoin)\b|il (?:me|nous) faut(?:drait)?\b"
        r"|(?:donne[rz]?|envoye[rz]|envoie|montre[rz]?|inscri(?:vez|re|s)|r[ée]serve[rz]?|prenez|prendre|planifie[rz]?"
        r"|organise[rz]?|change[rz]|modifie[rz]?|commence[rz]|aide[rz]|appele[rz]|rappelez|mettez|passez|faites|laissez"
        r"|pr[ée]parez|programmez|fixez|fixons)\b)",
        re.IGNORECASE,
    ),
    stops=said(
        "desabonner|me desabonner|desabonnez moi|desabonnement|desinscrire|me desinscrire|desinscrivez moi"
        "|desinscription|arretez tout|stop tout"
    ),
    stops_by_phone=said("arret|fin"),
    person=said(
        "conseiller|conseillere|un conseiller|une conseillere|un agent|operateur|operatrice|un operateur|personne"
        "|une personne|une vraie personne|vraie personne|humain|un humain|une humaine|un vrai humain|vrai humain"
        "|quelquun|a quelquun|un collegue|une collegue|parler a quelquun|parler a une personne|parler a un humain"
        "|parler a un conseiller|parler avec un conseiller"
    ),
    wants_person=re.compile(
        r"\b(?:je (?:veux|voudrais|souhaite|souhaiterais|aimerais|prefere|prefererais|desire|peux|pourrais)"
        r"|j (?:aimerais|ai besoin de)|on (?:veut|voudrait|aimerait|peut)|nous (?:voulons|voudrions|souhaitons"
        r"|aimerions)"
        r"|puis je|pourrais je|peut on|laissez moi|besoin de|possible de|il faut que je)(?: \w+){0,2}?"
        r" (?:parler|discuter|echanger|chatter|causer|m entretenir)(?: \w+){0,2}? (?:a|avec)"
        r"(?: (?:un|une|vrai|vraie|votre|vos|l un de vos|de|des|etre|le|la|mon|notre))*"
        r" (?:quelquun|personne|humain|humaine|agent|agente|collegues?|conseiller|conseillere|commercial|commerciale"
        r"|responsable|operateur|operatrice|employee?|representant|representante|interlocuteur|technicien|gens)"
        r"(?: (?:maintenant|svp|stp|s il vous plait|merci|en direct|directement|aujourdhui|tout de suite|de suite"
        r"|d abord|plutot|humain|reel|reelle|de chez vous|de votre equipe|de l equipe|en vrai|ici))*$"
    ),
    names_person=re.compile(
        r"\b(?:humaine?s?|personnes?|quelquun|gens|vraie?|parler|discuter|appelez|rappelez|appeler|collegues?"
        r"|conseill(?:er|ere)s?|passez|transferez|agents?|equipe|commercial|responsable|operat(?:eur|rice))\b"
    ),
    cancels=re.compile(
        r"(?:(?:oh|ah|ok|non|oui|bon|ben|bah|desolee?|pardon|en fait|finalement|svp|euh|attendez|attends"
        r"|tout compte fait|apres reflexion|allez|et puis|mais) )*"
        r"(?:annule[rz]?(?: (?:ca|cela|tout|tout ca|le tout))?|laisse[rz]? (?:tomber|beton)|(?:on"
        r"|je) laisse(?: tomber)?"
        r"|laisse[rz]?(?: ca)?|oublie[rz]?(?: (?:ca|cela|tout|tout ca))?|on oublie|(?:on|j) arrete(?: la)?"
        r"|arretons(?: la)?|j abandonne|abandonner|abandonnez|tant pis|pas grave|(?:ce n|c) est pas grave"
        r"|(?:ca )?(?:ne )?fait rien|laissons (?:tomber|ca)|restons en la|peu importe)"
        r"(?: (?:alors|donc|svp|s il vous plait|merci|finalement|desolee?|pour le moment|pour l instant|va|en fait))*"
    ),
    cancels_named=re.compile(
        r"(?:(?:svp|je veux|je voudrais|j aimerais|je souhaite|pouvez vous|pourriez vous|peux tu|il faut) )*"
        r"(?:annule[rz]?|arrete[rz]?|abandonne[rz]?|stoppe[rz]?|interromp(?:s|ez|re))"
        rf" (?:le|la|l|les|cette|ce|cet|ma|mon|mes) (\w+(?: \w+)??)(?: maintenant| finalement)*{_PLEASE}"
    ),
    goes_on=said(
        "continuer|continuez|continue|on continue|continuons|la suite|suite|suivant|poursuivre|poursuivez|allez y|vas y"
        "|reprendre|reprenons"
    ),
    parting=re.compile(
        r"au revoir|[àa] (?:plus|bient[ôo]t|demain|la prochaine|une prochaine|tout|tantôt|tantot)\b|\ba\+|@\+|salut"
        r"|bonne (?:journ[ée]e|soir[ée]e|nuit|continuation|fin)|bon(?:ne)? (?:week|apr[èe]s|courage|dimanche|vacances)"
        r"|c['’]est tout|ce sera tout|j['’]ai (?:fini|termin[ée])|je (?:dois|vais) (?:y aller|partir|filer)"
        r"|je (?:file|pars|m['’]en vais|vous laisse|te laisse|quitte)|adieu|ciao|tchao|tchuss",
        re.IGNORECASE,
    ),
    ourselves=re.compile(r"\b(?:nous|notre|nos|on|mon|ma|mes|chez moi)\b", re.IGNORECASE),
    for_people=re.compile(
        r"\bpour (?:environ |à peu près |jusqu'à )?\w+ (?:personnes?|coll[èe]gues|invit[ée]s?|places?|utilisateurs"
        r"|participants?|d'entre nous|de nous)\b",
        re.IGNORECASE,
    ),
    places=re.compile(r"\bplaces? (?:pour|au|à|aux|dans|sur)\b|\bbillets? (?:pour|au)\b", re.IGNORECASE),
)  # fmt: skip
