"""How people talk in Spanish, of Spain and of America; see `shape`. Data only; reads no text."""

from __future__ import annotations

import re

from parley_rasa.talk_words.shape import TalkWords, said

_BOOKED = (
    r"\bpara (?:unos |unas |hasta |unas? )?\w+ (?:personas|compa[ñn]er[oa]s|colegas|usuarios|invitados|plazas"
    r"|asistentes|de nosotros)\b"
)

WORDS = TalkWords(
    yes=said(
        "si|sip|sii|siii|si si|claro|claro que si|si claro|claro si|si por favor|si porfa|si porfavor|si gracias"
        "|si muchas gracias|por supuesto|por supuesto que si|si por supuesto|desde luego|desde luego que si"
        "|si desde luego|si quiero|quiero|si acepto|acepto|lo acepto|si lo acepto|si de acuerdo|de acuerdo"
        "|si estoy de acuerdo|estoy de acuerdo|si adelante|adelante|correcto|si correcto|exacto|exactamente|asi es"
        "|si asi es|eso es|si eso es|efectivamente|si me parece bien|me parece bien|si doy mi consentimiento"
        "|doy mi consentimiento|consiento|si consiento|si autorizo|autorizo|si lo autorizo|vale|si vale|vale si|ok si"
        "|si ok|dale|si dale|venga|venga si|si venga|bueno|bueno si|va|sale|orale|perfecto|si perfecto|como no"
        "|si como no|hagalo|hazlo|si hagalo|si hazlo|si pueden|si puede|si puedes|si podeis|obvio|encantado|encantada"
        "|con gusto|con mucho gusto|si con gusto|sin problema|si sin problema|si lo permito|lo permito|si permito"
        "|si se lo permito|por que no|y por que no|afirmativo|si senor|si senora|si de una|de una|sipi|ya si"
        "|si envienmelo|si mandenmelo|si enviadmelo"
    ),
    no=said(
        "no|nop|nope|nones|noo|nooo|no gracias|no muchas gracias|no no|no no gracias|para nada|no para nada"
        "|en absoluto|no en absoluto|de ninguna manera|no de ninguna manera|ni hablar|no ni hablar|ni de broma"
        "|ni loco|ni loca|que va|no que va|claro que no|no claro que no|por supuesto que no|desde luego que no"
        "|no por favor|por favor no|mejor no|no mejor no|creo que no|no creo|no creo que no|prefiero que no"
        "|no prefiero que no|preferiria que no|por ahora no|no por ahora no|no por ahora|ahora no|no ahora no"
        "|ahora mismo no|de momento no|no de momento no|no de momento|por el momento no|no por el momento|no acepto"
        "|no no acepto|no lo acepto|no quiero|no no quiero|no deseo|no estoy de acuerdo|no autorizo|no lo autorizo"
        "|no consiento|no lo permito|no permito|no doy mi consentimiento|no doy permiso|no me interesa"
        "|no no me interesa|no estoy interesado|no estoy interesada|no hace falta|no no hace falta|no es necesario"
        "|no no es necesario|nunca|jamas|nunca jamas|hoy no|no hoy no|hoy no gracias|otro dia|no otro dia|lo siento no"
        "|no lo siento|no correos|sin correos|nada de correos|no es correcto|no es asi|no exactamente|negativo|tampoco"
        "|no va a ser que no|va a ser que no|no me apetece|no quiero nada|no queremos|no tampoco|no ninguno|pues no"
        "|pues no gracias|no por favor no|no quiero correos|no quiero emails|no quiero mensajes|no quiero recibir nada"
        "|no quiero recibir correos|no quiero recibir emails|no quiero recibir mensajes|no no quiero correos"
        "|no no quiero recibir correos|no no quiero recibir nada"
    ),
    plain_yes="si",
    plain_no="no",
    lukewarm=said(
        "vale|dale|venga|bueno|va|sale|orale|ok|perfecto|correcto|exacto|exactamente|asi es|eso es|efectivamente"
        "|adelante|por que no|y por que no|de una|obvio|como no|quiero|claro"
    ),
    refusing=said("no"),
    negations=said("gracias|nunca|tampoco|jamas|publicidad|envien|envieis|envies|manden|mandeis|mandes"),
    hedges=said(
        "pero|salvo|excepto|si|quiza|quizas|tal|depende|aunque|cuando|porque|como|solo|antes|hasta|luego|despues"
        "|todavia|aun|duda|problema|vale|ok|claro|mejor"
    ),
    exclaimed=re.compile(
        r"^(?:(?:jaja|jajaja|ja|uf|ay|uy|eh|ah|oh|hm|pues|bueno|mira|mire|hombre|mujer|gracias pero) )+"
    ),
    hesitation=re.compile(
        r"^(?:(?:e+h+|e+m+|m+h*m*|a+h|o+h|pues|bueno|a ver|este|o sea|s[ií]|vale|ok|claro)[\s,.…]+)+(?=\S)",
        re.IGNORECASE,
    ),
    takes_back=re.compile(
        r"^\s*(?:(?:no(?=\s*[,.;:!])|no(?=\s+(?:perd[oó]n|disculp|espere?|mejor|somos|es(?:peren?)?\b|quise|quer[ií]a))"
        r"|perd[oó]n(?:a|e|en|ad)?|disculp[ae]n?|lo siento|espere?|espera|un momento|un segundo|mejor|bueno|en realidad"
        r"|de hecho|la verdad|pens[aá]ndolo (?:bien|mejor)|me (?:he )?equivoqu[eé]|me he equivocado|me confund[ií]"
        r"|me he confundido|correcci[oó]n|corrijo|rectifico|error m[ií]o|fallo m[ií]o|eso (?:est[aá]|era|es) (?:mal"
        r"|incorrecto)|est[aá] mal|cambi[eé] de (?:idea|opini[oó]n)|he cambiado de (?:idea|opini[oó]n)|ay|uy|ups|ah|eh"
        r"|oh|digo|m[aá]s bien)\b[\s,.:;!-]*)+",
        re.IGNORECASE,
    ),
    restates=re.compile(
        r"^(?:(?:quise decir|quer[ií]a decir|quiero decir|me refer[ií]a a(?:l)?|es|son|somos|soy|ser[ií]an?|ser[aá]n?"
        r"|deber[ií]a ser|m[aá]s bien|mejor|ponga|pon|c[aá]mbi[ae]lo (?:a|por)|que sean?|que mejor)\s+)+(.{1,200})$",
        re.IGNORECASE,
    ),
    restates_by_itself=re.compile(
        r"^\s*(?=(?:quise decir|quer[ií]a decir|me refer[ií]a a|c[aá]mbi[ae]lo (?:a|por)|deber[ií]a ser|que sean?)\s)",
        re.IGNORECASE,
    ),
    instead_of=re.compile(
        r"(?:(?:no|perd[oó]n|disculp[ae]|en realidad|quise decir|quer[ií]a decir|es|soy|me llamo|mi nombre es"
        r"|somos)[\s,]+)*(.{1,80}?),?\s+(?:y )?no\s+(.{1,80})",
        re.IGNORECASE,
    ),
    not_but=re.compile(
        r"(?:(?:no|perd[oó]n|disculp[ae]|en realidad|es|soy|somos)\s*,\s*)*no\s+(?:(?:es|soy"
        r"|somos)\s+)?(.{1,80}?),?\s+sino\s+(.{1,80})",
        re.IGNORECASE,
    ),
    ours=re.compile(
        r"(?:por favor,? |puedes? |podr[ií]as? )*(?:cambi[ae]r? |actuali[zc][ae]r? |corrija |corrige |corregir )?"
        r"(?:mi|nuestr[oa]|el|la) ",
        re.IGNORECASE,
    ),
    becomes=r"(?: (?:es|era|deber[ií]a ser|tiene que ser|a|por)(?: en realidad| realmente)?)[: ]+",
    turns_off=re.compile(
        r"(?:por favor |puedes? |podrias? |quiero |quisiera |me )*(?:desactiv|quit|apag|cancel|elimin|anul|suprim)\w*"
        r" (?:el |la |los |las |mis |de )*(?P<set>\w+(?: \w+){0,2}?)(?: por favor| ya)*"
        r"|(?:ya |pues )?(?:no (?:quiero |deseo )?(?:recibir )?(?:mas |los |las )?|sin |basta de |nada de )"
        r"(?P<off>\w+(?: \w+){0,2}?)(?: por favor| mas| ya)*"
    ),
    ordinals=tuple(
        map(
            said,
            ("primero|primera|primer|1o|1a|1ro|1ra|1er|uno", "segundo|segunda|2o|2a|2do|2da|dos",
             "tercero|tercera|tercer|3o|3a|3ro|3ra|tres", "cuarto|cuarta|4o|4a|4to|4ta|cuatro",
             "quinto|quinta|5o|5a|5to|5ta|cinco", "sexto|sexta|6o|6a|seis", "septimo|septima|7o|7a|siete",
             "octavo|octava|8o|8a|ocho", "noveno|novena|9o|9a|nueve"),
        )
    ),
    position=re.compile(
        r"(?:(?:quiero|quisiera|elijo|escojo|prefiero|me quedo con|seria|es|digo|pongo|dame|deme|mejor|pues) )*"
        r"(?:el |la |lo )?(?:numero |opcion |respuesta )?(\w+)(?: opcion| respuesta| por favor| porfa| gracias)*"
    ),
    last=said("ultimo|ultima"),
    negating=re.compile(r" (?:no|ni|nunca|jamas|sin|excepto|salvo|menos|tampoco|ninguno|ninguna|ningun) "),
    fails=re.compile(
        r" no (?:(?:me|nos|se|le|les|os|ha|han|puedo|podemos|deja|dejan|consigo|logro) )*"
        r"(?:funcion|va |van |anda |andan |carg|abr|deja|arranc|conect|sincroniz|import|export|aparec|sale |salen |lleg"
        r"|envi|guard|entr|inici|acced|imprim|respond|cuadr|actualiz|descarg|sub[ei]|reconoc|coincid)\w*(?= )"
    ),
    empty=frozenset(
        "un una unos unas el la los las lo de del al en a por para con y o u yo me mi mis nos nuestro nuestra le les se"
        " te es soy somos son seria estoy esto eso esta ese esa quiero quiere queremos quisiera quisieramos querria"
        " queria gustaria prefiero prefeririamos creo pues bueno favor porfa porfavor gracias que muy ya hola vale"
        " entonces digamos deseo desearia puede puedo poder si claro mejor venga".split()
    ),
    any_time=re.compile(
        r"(?:(?:pues|ok|vale|deme|dame|pongame|ponme|me quedo con|cojo|tomo|por favor|solo|como|cuando|que sea) )*"
        r"(?:el |la |lo )?(?:primer[oa]?(?: (?:hora|hueco|cita|turno|que haya|disponible|libre|posible|que tenga"
        r"|que tengan|que tengais))+|antes posible|mas pronto posible|cuanto antes|cualquiera|cualquier hora"
        r"|cualquier dia"
        r"|el que sea|la que sea|que sea|me da igual|da igual|me da lo mismo|todas (?:me )?(?:van|vienen) bien"
        r"|todos (?:me )?(?:van|vienen) bien|me va bien cualquiera|me viene bien cualquiera|elija usted|elige tu"
        r"|usted elige|tu eliges|la que (?:usted )?(?:quiera|prefiera)|no me importa)"
        r"(?: de (?:ellas|ellos|esas|esos|las tres|los tres))?(?: me (?:va|viene|sirve)(?: bien)?| por favor| gracias)*"
    ),
    asks_for_times=re.compile(
        r"(?:y |pero )?(?:no )?(?:hay|habria|tiene[ns]?|teneis|tendria[ns]?|queda[n]?)"
        r" (?:algo|alguna?|algun|hueco|huecos|otr[oa]s?|cita|citas|sitio)|algo (?:el|por|para|mas)|que mas"
        r"|que otr[oa]s?"
    ),
    no_answer=said(
        "saltar|saltarlo|saltarla|saltar esta|saltar esto|saltar pregunta|saltalo|saltatela|saltela|saltemos|paso"
        "|paso de esta|pasar|pasa|siguiente|siguiente pregunta|la siguiente|otra pregunta|omitir|omitelo|omitela"
        "|sin comentarios|ninguno|ninguna|nada|nadie|anonimo|anonima|privado|privada|es privado|eso es privado"
        "|es personal|eso es personal|confidencial|es confidencial|secreto|es secreto|es un secreto|da igual"
        "|me da igual|no importa|lo que sea|ni idea|no tengo ni idea|no tengo idea|no se|no lo se|nose|pues no se"
        "|la verdad no se|la verdad es que no se|no sabria|no sabria decir|no sabria decirle|no sabemos|no lo sabemos"
        "|no lo tengo claro|no lo tenemos claro|no estoy seguro|no estoy segura|no estamos seguros|no lo se todavia"
        "|no lo se aun|todavia no lo se|aun no lo se|aun no lo sabemos|todavia no lo sabemos|quien sabe|luego"
        "|mas tarde|quizas luego|quiza luego|mas adelante|otro momento|en otro momento|prefiero no decirlo"
        "|prefiero no decir|prefiero no darlo|prefiero no contestar|prefiero no responder|mejor no|mejor no lo digo"
        "|todavia no|aun no|eso es todo|nada mas|no hay nada mas|no contesto|no respondo|ns nc|nsnc|no aplica"
        "|no procede|no corresponde|sin nombre|sin empresa|demasiadas preguntas|muchas preguntas|cuantas preguntas"
        "|cuanta pregunta|basta de preguntas|deje de preguntar|deja de preguntar|no me acuerdo|no recuerdo|lo olvide"
        "|se me olvido|me lo salto|me la salto|me lo guardo|en blanco|dejar en blanco|dejelo en blanco|no se que decir"
        "|no se que poner|no decidido|sin decidir|por decidir|esta por ver"
    ),
    refuses=re.compile(
        r"(?:(?:no|nop|lo siento|perdon|disculpe|disculpa|mire|mira|bueno|pues|la verdad|la verdad es que|oiga|oye|eh+"
        r"|hm+|gracias|pero|y|por favor) )*"
        r"(?:(?:eso )?no es (?:de su incumbencia|de tu incumbencia|(?:asunto|problema) (?:suyo|tuyo|vuestro"
        r"|de ustedes))"
        r"|(?:eso )?(?:a (?:usted|ti|ustedes|vosotros) )?(?:no|que) (?:le|te|les|os) (?:importa|interesa)"
        r"|met(?:ete|anse|ase) en (?:tus|sus) (?:asuntos|cosas)"
        r"|(?:yo |eso )?(?:prefiero|preferiria|preferimos|prefeririamos) (?:no (?:dar|decir|dejar|compartir|contestar"
        r"|responder|facilitar|revelar|poner)(?:lo|la|los|las|le|les|te|os|selo|telo)?\b.*|guardarmelo.*"
        r"|reservarmelo.*|quedarme en el anonimato|seguir anonim[oa])"
        r"|(?:yo |eso )?(?:no|tampoco) (?:lo |la |los |se lo |te lo )?(?:quiero|queremos|voy a|vamos a|puedo|podemos"
        r"|deseo|pienso|me apetece|me gusta|me gustaria|tengo por que)"
        r" (?:(?:decir|compartir|contestar|responder|facilitar|revelar)(?:lo|la|los|las|le|les|te|os|selo|telo)?\b.*"
        r"|(?:dar|dejar)(?:lo|la|los|las|selo|telo|oslo)|(?:dar|dejar)(?:le|les|te|os)?"
        r" (?:mi|mis|el|la|los|ese|esa|esos|ningun|ninguna|mas datos|datos|un|una) ?(?:datos?|correo|email|mail"
        r"|direccion"
        r"|telefono|numero|movil|celular|nombre|empresa|apellido)?\b.{0,30})"
        r"|no (?:se|te|les|os) (?:lo |la )?(?:digo|doy|voy a decir|voy a dar|dire|dare)\b.*"
        r"|(?:no )?(?:tengo|hay) que (?:decirlo|darlo|contestar|responder|ponerlo)"
        r"|(?:podemos |puedo |vamos a |puedes? |podriamos |se puede )*(?:saltar|saltarnos|saltarme|saltarse|saltamos"
        r"|salte|salta|omitir|omitimos|omita|dejar|dejamos|deje|deja)(?:lo|la)?"
        r"(?: (?:esto|eso|esta|esa|este|ese|la|pregunta|esta pregunta|en blanco|por ahora|para luego|para despues))+"
        r"|nada (?:en especial|especial|en concreto|en particular)|no mucho|poca cosa"
        r"|(?:no|sin) (?:nombre|empresa|telefono|numero|correo|correo electronico|email|mail|direccion)"
        r"(?: por favor| gracias| de momento| por ahora)*"
        r"|no (?:se|sabemos|sabria|tengo claro|tenemos claro) (?:muy bien |bien |todavia |aun )*(?:que (?:decir|poner"
        r"|quiero|queremos|contestar|responder)|como (?:decirlo|explicarlo)|bien|todavia|aun)(?: .{0,30})?)"
    ),
    has_none=re.compile(
        r"(?:(?:no|perdon|lo siento|pues|es que|yo|pero|la verdad) )*no (?:tengo|tenemos|uso|usamos|dispongo de"
        r"|manejo)(?: (?:un|una|ningun|ninguna|mi propia|mi propio|de))?"
        r" (?:empresa|correo|email|mail|e mail|direccion|telefono|numero|movil|celular|negocio|compania|fijo|captura"
        r"|foto|imagen|archivo|uno|una|ninguno|ninguna|de eso|eso)\b.{0,25}"
    ),
    asks_back=re.compile(
        r"(?:(?:pero|y|eh|ah|perdon|perdone|disculpe|disculpa|espera|espere|vale|ok|bueno|oiga|oye|un momento) )*"
        r"(?:que|como|como dice|como dices|que dice|que dices|mande|perdon|disculpe|por que|para que|y eso|por que eso"
        r"|para que eso|para que es(?: esto| eso)?|en que sentido|que significa(?: eso| esto)?|que es (?:eso|esto)"
        r"|que quiere[ns]? decir(?: con (?:eso|esto))?|a que se refieren?|a que te refieres"
        r"|por que (?:me |le |te |se |nos )?(?:lo |la )?(?:pregunta[ns]?|preguntais|necesita[ns]?|necesitais"
        r"|quiere[ns]?"
        r"|quereis|pide[ns]?|pedis|hace falta|importa|es necesario|es importante|tengo que|deberia|interesa)\b.*"
        r"|para que (?:me |le |te )?(?:lo |la |los )?(?:quiere[ns]?|quereis|necesita[ns]?|necesitais|usa[ns]?|usais"
        r"|vale|va[ns]? a usar|vais a usar|pregunta[ns]?|pide[ns]?)\b.*"
        r"|para que (?:sirve|es)(?: (?:eso|esto|mi \w+|el \w+|la \w+))?"
        r"|que (?:van|vais|va|vas) a hacer con (?:eso|esto|el|ella|ellos|mi .*)|que hac(?:en|eis|e"
        r"|es) con (?:eso|mi .*)"
        r"|que pasa con (?:eso|esto|mi .*)"
        r"|no (?:lo |le |te |la |os |les )?(?:entiendo|comprendo|he entendido|entendi)(?: la pregunta| bien| nada| eso"
        r"| esto| lo que (?:dice|dices|pregunta|preguntas|quiere decir))?"
        r"|(?:me |lo |me lo )?(?:puedes? |podrias? )?(?:explicar|explicarlo|explicarmelo|explicarme|expliqueme"
        r"|explicame"
        r"|expliquemelo|explicamelo)(?: eso| esto| mejor| la pregunta)?|explicate|expliquese"
        r"|que (?:pongo|escribo|digo|contesto|respondo|(?:tengo que|debo) (?:poner|decir|escribir|contestar))(?: aqui)?"
        r"|quien (?:quiere saberlo|lo pregunta)|ayuda|ayudame|ayudeme|necesito ayuda|me (?:puedes? )?ayudar?"
        r"|(?:esto |eso )?(?:es|hace) (?:necesario|obligatorio|imprescindible|falta)(?: .{0,20})?"
        r"|(?:cual es|que) (?:la )?diferencia(?: hay)?(?: entre .*)?"
        r"|cual (?:es|de los dos es|de las dos es) (?:el |la )?(?:mejor|mas barat[oa])"
        r"|donde (?:lo |la |los )?(?:encuentro|veo|miro|busco|esta|pone|viene)(?: .{0,20})?)"
    ),
    about_messages=re.compile(
        r"(?:y |pero |entonces |vale |ok )*(?:que (?:tipo|clase) de (?:correos?|mensajes?|emails?|mails?|publicidad"
        r"|novedades|cosas)\b.*|cada cuanto\b.*|con que frecuencia\b.*|con cuanta frecuencia\b.*|cuant[oa]s?\b.*"
        r"|que (?:correos|mensajes|emails|publicidad|novedades)\b.*|que (?:es lo que )?(?:me )?(?:va[ns]?|vais) a"
        r" (?:enviar|mandar|escribir|llegar)\w*\b.*|que (?:me )?(?:envian|mandan|enviais|mandais|llegaria|llega)\b.*"
        r"|(?:me |lo )?puedo (?:darme de baja|dar de baja|cancelar\w*|retirar\w*|parar\w*|cambiar\w*|quitar\w*)\b.*"
        r"|es spam|me (?:va[ns]?|vais) a (?:llenar|mandar|enviar|bombardear)\b.*"
        r"|y si (?:digo que )?no\b.*|que pasa si (?:digo que )?(?:no|si|me niego|no acepto)\b.*|tengo que aceptar\b.*"
        r"|es obligatorio\b.*)"
    ),
    asking=re.compile(
        r"^[^\w¿]*(?:(?:y|pero|entonces|bueno|vale|ok|hola|buenas|buenos d[ií]as|buenas tardes|oiga|oye|perd[oó]n"
        r"|perdone|disculp[ae]|por favor|una pregunta|otra pregunta|una duda|tengo una (?:duda|pregunta)|o sea)"
        r"[^\w¿]+)*(?:¿|(?:qué|que(?! (?:me|nos|va|se|sea|lo|le|les|yo)\b)|cómo"
        r"|como (?:puedo|podemos|se|funciona|es|hago|hacemos|puede|va|lo|est[aá]|contacto|cancelo|accedo|consigo)"
        r"|cu[aá]l(?:es)?|cu[aá]nt[oa]s?|cuándo|cuando (?:puedo|podemos|es|son|empieza|tienen|teneis|ten[eé]is|hay)"
        r"|a?d[oó]nde|qui[eé]n(?:es)?|por qu[eé]|(?:para|con|en|a|de|desde|hasta|sobre) (?:qu[eé]|qui[eé]n|d[oó]nde"
        r"|cu[aá]ndo|cu[aá]nt[oa]s?|cu[aá]l)|puedo|podemos|puede|pueden|pod[eé]is|podr[ií]a[ns]?|podr[ií]amos"
        r"|se pueden?|tienen|ten[eé]is|hay que|existe[n]?|es (?:posible|seguro|gratis|gratuito|caro|obligatorio"
        r"|verdad|cierto)|me (?:puede|puedes|pod[eé]is|pueden)|d[ií]game|dime|expl[ií][cq]\w+|cu[eé]nt[ae]me"
        r"|(?:quiero|quisiera|me gustar[ií]a|quer[ií]a|necesito|solo quiero|solo quer[ií]a) (?:saber|preguntar"
        r"|conocer))"
        r"\b)",
        re.IGNORECASE,
    ),
    requesting=re.compile(
        r"^\W*(?:(?:y|pero|bueno|hola|buenas|no|perd[oó]n|disculp[ae]|por favor|entonces|mejor|vale|ok|pues)\W+)*"
        r"(?:por favor|quiero|queremos|quisiera|quisi[eé]ramos|querr[ií]a|quer[ií]a|necesito|necesitamos"
        r"|(?:me|nos) gustar[ií]a|prefiero|d[eé]me|dame|m[aá]nd[ae](?:me|nme|nos|dme)|m[aá]nd(?:ad|en)me"
        r"|env[ií][ae](?:me|nme|nos|dme)|mu[eé]str[ae](?:me|nme)|ens[eé][ñn][ae](?:me|nme)|ap[uú]nt[ae](?:me|nme|nos)"
        r"|inscr[ií]b[ae](?:me|nme|nos)|reg[ií]str[ae](?:me|nme)|res[eé]rv[ae](?:me|nme|nos)|reserv(?:a|ar|e)"
        r"|ag[eé]nd(?:a|ar|e)(?:me|nme)?|program(?:a|ar|e)|concertar|solicit(?:o|a|ar)|pedir|pido|cambi(?:a|ar|e) mis?"
        r"|actualiz(?:a|ar) mis?|empez(?:ar|emos)|ay[uú]d[ae](?:me|nme))\b",
        re.IGNORECASE,
    ),
    stops=said("baja|parar|darme de baja|dar de baja|dame de baja|deme de baja|desuscribir|desuscribirme"),
    stops_by_phone=said("alto|fin|cancelar"),
    person=said(
        "persona|una persona|persona por favor|humano|un humano|humana|persona real|una persona real|agente|un agente"
        "|operador|operadora|un operador|una operadora|asesor|asesora|un asesor|una asesora|comercial|un comercial"
        "|representante|un representante|ejecutivo|un ejecutivo"
    ),
    wants_person=re.compile(
        r"\b(?:quiero|quisiera|queria|querria|necesito|prefiero|preferiria|me gustaria|puedo|podria|se puede|dejeme"
        r"|dejame|deseo)(?: (?:por favor|solo|mejor|antes|primero|ya|poder))*"
        r" (?:hablar|conversar|chatear|platicar|comunicarme|contactar) con"
        r" (?:(?:un|una|algun|alguna|el|la|su|mi|uno|de|sus|alguien|otra) )*"
        r"(?:persona|humano|humana|ser humano|alguien|agente|asesora?|comercial|encargad[oa]|operadora?|representante"
        r"|companer[oa]s?|emplead[oa]|responsable|ejecutiv[oa]|gestora?|ventas|soporte)"
        r"(?: (?:real|de verdad|de carne y hueso|fisica|humana|ahora|ya|por favor|porfa|mejor|primero|hoy|aqui"
        r"|directamente|gracias|del equipo|de ventas|de soporte))*$"
    ),
    names_person=re.compile(
        r"\b(?:human[oa]s?|personas?|alguien|hablar|habla|comunic\w*|pas[ae]me|pasen?me|ponme|pongame|llam\w*"
        r"|companer[oa]s?|agentes?|asesora?|operadora?)\b"
    ),
    cancels=re.compile(
        r"(?:(?:oh|ah|ay|uf|ok|vale|no|bueno|perdon|disculpe|disculpa|mejor|por favor|pues|espera|espere|sabe que"
        r"|sabes que|pensandolo mejor|pensandolo bien|mira|mire|al final|nada) )*"
        r"(?:cancel(?:a|e|ar|alo|elo|arlo|emos|emoslo)(?: (?:esto|eso|todo|todo esto))?"
        r"|olvid(?:alo|elo|emoslo|ate|ese|emos|arlo|a|e)(?: (?:esto|eso|todo|lo dicho|de (?:esto|eso|todo)))?"
        r"|(?:lo )?dej(?:alo|elo|emoslo|amos|o|arlo)(?: (?:ya|asi|estar|correr|todo))*"
        r"|dej(?:a|e|emos) (?:esto|eso)(?: (?:ya|asi|estar))*|abort(?:a|ar|emos)"
        r"|anul(?:a|e|ar|alo|elo|arlo)(?: (?:esto|eso|todo))?|(?:lo )?dejamos(?: estar)?)"
        r"(?: (?:entonces|por favor|porfa|gracias|ya|mejor|al final|perdon|por ahora))*"
    ),
    goes_on=said(
        "continuar|continua|continue|continuemos|sigue|siga|seguir|sigamos|adelante|siguiente|sigue adelante|vamos"
    ),
    parting=re.compile(
        r"adi[oó]s|\bchao\b|\bchau\b|\bciao\b|\bbye\b|hasta (?:luego|pronto|ma[ñn]ana|otra|la pr[oó]xima|siempre"
        r"|entonces|el|lueguito|ahora)|nos vemos|cu[ií]d[ae]|buen (?:d[ií]a|finde|fin)|buenas noches"
        r"|buen[ao]s? (?:tarde|semana)|que (?:pase|tenga|vaya|le vaya|te vaya)|me (?:voy|tengo que ir|despido)"
        r"|tengo que (?:irme|dejar)|\bsaludos?\b|eso (?:es|era|ser[ií]a) todo|nada m[aá]s|ya est[aá]|hablamos",
        re.IGNORECASE,
    ),
    ourselves=re.compile(
        r"\b(?:somos|tenemos|estamos|trabajamos|nosotros|nosotras|nuestr[oa]s?|mi|mis)\b", re.IGNORECASE
    ),
    for_people=re.compile(_BOOKED, re.IGNORECASE),
    places=re.compile(
        r"\b(?:plazas?|entradas?|asientos?|lugares|sitios?|cupos?|puestos?) (?:para|en|al?)\b", re.IGNORECASE
    ),
)  # fmt: skip
