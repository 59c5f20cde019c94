"""Words that say nothing of what a text is about, by language, without accents. Data only.

What stands before or after an apostrophe counts as a word: "what's" is "what" and "s", "l'offre" is "l" and "offre".
"""

from __future__ import annotations

STOP_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": """
            a about after again all also am an and another any anybody anyone anything are aren as ask at away b back
            be because been before being best but by c call can cannot cant could couldn d did didn do does doesn
            doing don done dont down e each either else even ever every for from get gets getting give go goes going
            got had has hasn have haven having he hello help her here hers hey hi him his how however i if im in into
            is isn it its ive just know let like ll look looking m make many may maybe me mine more most much must my
            need needs never no not now o of off oh ok okay on once one ones only or other our ours out over own
            please pls question re really right s same say see shall she should shouldn show so some somebody someone
            something still such sure t take tell than thank thanks that thats the their them then there these they
            thing things this those though to too try u under until up us use used using ve very want wants was wasn
            way we well were weren what whats when where whether which while who whom whose why will with without won
            wont work works would wouldn y yes yet you your yours""",
        "es": """
            a aca acaso ademas ah ahi ahora al algo alguien algun alguna algunas alguno algunos alla alli ante antes
            aqui asi aun aunque ayuda bien buenas bueno buenos cada casi como con contra cual cuales cualquier cuando
            cuanta cuantas cuanto cuantos cosa cosas da dar de debe debo decir del deme desde despues dia dias dice
            digan dime donde dos e el ella ellas ellos en entonces entre era eres es esa esas ese eso esos esta
            estaba estan estar estas este esto estos estoy etc favor fue gracias ha haber hacen hacer haces hacia
            hago han hasta hay he hola igual ir jamas la las le les lo los luego mas me mejor mi mia mientras mio mis
            misma mismo modo mucho muchos muy nada nadie necesito ni ningun ninguna ninguno no nos nosotros nuestra
            nuestro nunca o os otra otras otro otros para pero por porque pregunta pues puede pueden puedes puedo que
            queremos quien quienes quiere quieren quiero quisiera saber se sea segun ser si sido sin sino sobre sois
            solo somos son soy su sus tal tambien tampoco tan tanto te teneis tener tenemos tengo ti tiene tienen
            tienes toda todas todavia todo todos tras tu tus un una unas uno unos usted ustedes va vais vale vamos
            van vaya ver vez vosotros voy vuestra vuestro y ya yo""",
        "fr": """
            a afin ai aide ainsi alors apres as au aucun aucune aujourd aussi autre autres aux avant avec avez avoir
            avons besoin bien bonjour bonsoir c ca car ce ceci cela celle celles celui ces cet cette ceux chaque chez
            chose ci combien comme comment d dans de deja demande depuis des deux dire dites doit dois donc dont du
            elle elles encore en entre es est et etaient etait etant ete etes etre eu eux faire fais fait faites faut
            hui ici il ils j jamais je juste l la laquelle le lequel les lesquels leur leurs lors lui m ma mais me
            meme memes merci mes mieux moi moins mon n ne ni non nos notre nous on ont or ou oui par parce pas peu
            peut peuvent peux plait plus plutot possible pour pourquoi pourrais pourriez pouvez pouvoir pouvons puis
            puisque qu quand que quel quelle quelles quelque quelques quels question qui quoi rien s sa sais sans
            sauf savoir se sera ses si sinon soi sois soit sommes son sont sous souhaite stp suis sur svp t ta tant
            te tel telle tes toi ton toujours tous tout toute toutes tres tu un une va vais vers veuillez veut veux
            voici voila vos votre voudrais vous vraiment y""",
        "de": """
            ab aber ach all alle allem allen aller alles als also am an ander andere anderen anders auch auf aus bei
            beim bereits bin bis bitte brauche da dabei dafur damit danach danke dann daran darauf darf das dass
            dasselbe davon davor dazu dein deine dem den denn der des deshalb dessen dich die dies diese diesem
            diesen dieser dieses dir doch dort du durch durfen eben ein eine einem einen einer eines einfach einmal
            er es etwas euch euer eure frage fur ganz gar geben geht genau gern gerne gibt gut guten ha hab habe
            haben habt hallo hast hat hatte hatten hatte hier hilfe hin ich ihm ihn ihnen ihr ihre ihrem ihren im
            immer in ins irgend ist ja jede jedem jeden jeder jedes jemand jetzt kann kannst kein keine keinem keinen
            keiner konnen konnt konnte konnten lasst lieber los mach mache machen macht mal man manche mehr mein
            meine meinem meinen meiner meist mich mir mit mochte mochten moglich muss mussen nach nicht nichts nie
            niemand noch nochmal nun nur ob oder ohne per schon sehr sein seine seit selbst sich sie sind so soll
            sollen sollte sondern sonst statt tag tun uber um und uns unser unsere unter viel viele vielleicht vom
            von vor wann war waren warum was wegen weil weiter welche welchem welchen welcher welches wenn wer werde
            werden weshalb wie wieder wieso wieviel will wir wird wissen wo wofur wollen worden wozu wurde wurden
            wurde zu zum zur zwar zwischen""",
    }.items()
}
