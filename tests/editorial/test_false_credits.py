"""Text that resembles a credit, an editor's line, a notice or a kill, and is the story's own."""

from __future__ import annotations

import pytest
from desk import reading

from syndicate.model import NoticeKind

FIRST = "A canal was opened on Monday in the north, officials said. It took nine years."
LAST = "It is nine kilometres long, the director said."

NEWS = [
    ("fr", "Annulation de 30 vols à Paris, où la neige tombe depuis lundi."),
    ("fr", "Annulation : les 30 vols supprimés lundi à Paris seront remboursés, promet la compagnie."),
    ("fr", "ANNULATION D'UN CONCERT À LYON. La chanteuse est malade, a dit son agent."),
    ("it", "Annullare la gara non è possibile, ha detto il sindaco ai giornalisti."),
    ("it", "Annullamento: il giudice dà ragione ai residenti del quartiere dopo tre anni."),
    ("es", "Anulación: qué pueden hacer los viajeros si se cancela su vuelo en Madrid."),
    ("es", "Anulada. Así quedó la boda de los dos actores tras la sentencia del martes."),
    ("tr", "İptal: THY lodos nedeniyle 30 seferi kaldırdı, yolcular bekliyor."),
    ("tr", "Bakanlık yurttaşları uyardı: Bozuk çıkan bu ilaçları lütfen kullanmayın, eczaneye götürün."),
    ("pl", "Anulowane: 30 lotów z Warszawy, podróżni czekają od poniedziałku."),
    ("ru", "Аннулирована: виза спортсмена, который приехал на турнир в Париж."),
    ("zh", "取消：三十个航班星期二不飞，旅客滞留机场。"),
    ("id", "Batal: konser di Jakarta ditunda karena hujan, kata panitia."),
    ("nl", "Intrekking: dertig bedrijven verliezen hun vergunning na de controle."),
    ("ar", "إلغاء: ثلاثون رحلة من باريس بسبب الثلوج، والمسافرون ينتظرون."),
    ("hi", "रद्द: दिल्ली से तीस उड़ानें कोहरे के कारण नहीं उड़ीं।"),
    ("fa", "لغو: سی پرواز از تهران به دلیل برف انجام نشد."),
    ("en", "Please do not use the lifts in a fire, the new signs in the tower say."),
    ("en", "Please ignore the story your uncle tells at dinner, the comedian said to laughter."),
    ("es", "Anular el contrato costará 3 millones, según el alcalde."),
    ("pt", "Anulação: tribunal dá razão aos moradores do bairro."),
    ("it", "Annullata la festa del mulino per il vento."),
    ("de", "Zurückgezogen: Der Bewerber will nicht mehr Bürgermeister werden."),
    ("tr", "İptal edilen konserin biletleri iade edilecek."),
    ("pl", "Anulowano wybory w gminie po skardze mieszkańców."),
    ("ru", "Аннулировать результаты потребовали жители."),
    ("zh", "撤销：法院推翻市政府的决定。"),
    ("ar", "إلغاء: المحكمة تبطل قرار البلدية."),
    ("en", "Please remove this story from your heart, the singer begged."),
    ("fr", "Version corrigée d'un vieux roman : la nouvelle traduction paraît mardi."),
    ("de", "Korrigierte Fassung des Haushalts liegt vor, sagte der Kämmerer am Dienstag."),
    ("tr", "Düzeltilmiş hava tahmini salı günü yayımlandı, kar bekleniyor."),
    ("it", "Versione corretta del bilancio approvata martedì dal consiglio."),
]
KILLS = [
    ("fr", "ANNULATION"),
    ("fr", "ANNULATION :"),
    ("fr", "ANNULATION - Merci d'annuler la dépêche sur le moulin."),
    ("fr", "Prière d'annuler notre dépêche de 10h15 sur le moulin."),
    ("fr", "Annulation de la dépêche sur le moulin"),
    ("fr", "Merci de ne pas utiliser notre article sur le moulin."),
    ("es", "ANULACIÓN: Rogamos no publiquen la noticia sobre el molino."),
    ("es", "Se ruega anular la noticia sobre el molino."),
    ("pt", "ANULAÇÃO: Pedimos que não publiquem a notícia sobre o moinho."),
    ("it", "ANNULLARE LA NOTIZIA SUL MULINO"),
    ("it", "Si prega di non pubblicare il lancio sul mulino."),
    ("ru", "АННУЛИРОВАТЬ"),
    ("ru", "Просим не использовать сообщение о мельнице."),
    ("tr", "İPTAL"),
    ("tr", "Değirmen haberini lütfen kullanmayın."),
    ("tr", "İPTAL: Değirmen haberimizi lütfen yayımlamayınız."),
    ("ar", "إلغاء: يرجى إلغاء الخبر السابق."),
    ("fa", "لغو: لطفا خبر آسیاب را منتشر نکنید."),
    ("hi", "रद्द: कृपया यह समाचार प्रकाशित न करें।"),
    ("zh", "撤销：请勿使用此前的稿件。"),
    ("zh", "取消稿件"),
    ("id", "BATAL: Mohon tidak menyiarkan berita tentang kincir."),
    ("pl", "ANULOWANE: Prosimy nie publikować naszej depeszy o młynie."),
    ("nl", "INTREKKING: Gelieve het bericht over de molen niet te publiceren."),
    ("en", "Please disregard our earlier story on the mill."),
    ("en", "Please do not use the mill story sent at 10:15."),
    ("en", "Please kill BC-Old-Mill, V0012."),
    ("de", "Achtung Redaktionen: Bitte die Meldung zur Mühle nicht verwenden."),
    ("de", "Meldung wird zurückgezogen"),
    ("fr", "ANNULATION. Veuillez annuler notre dépêche « Moulin-lecture »."),
    ("es", "ANULADA: la noticia sobre el molino queda sin efecto."),
    ("es", "Anulación de la noticia ES0123"),
    ("pt", "Favor desconsiderar a matéria anterior sobre o moinho."),
    ("it", "ANNULLAMENTO - La notizia sul mulino è annullata."),
    ("de", "ACHTUNG REDAKTIONEN: Die Meldung zur Mühle ist zurückgezogen."),
    ("tr", "DİKKAT: Değirmen başlıklı haberimiz iptal edilmiştir."),
    ("pl", "ANULOWANE: depesza o młynie."),
    ("ru", "Сообщение о мельнице аннулировано, просим его не использовать."),
    ("zh", "撤稿：磨坊阅览室一稿作废。"),
    ("ko", "기사 취소: 방앗간 기사를 취소합니다."),
    ("en", "WITHDRAWN: Mill story"),
    ("nl", "INTREKKING"),
    ("id", "BATAL"),
]
OWN = [
    ("es", "tail", "Edición: la más larga de su historia"),
    ("fr", "tail", "Édition : le livre de poche résiste"),
    ("pt", "tail", "Edição: 300 exemplares numerados"),
    ("it", "tail", "Edizione: la quarantesima"),
    ("de", "tail", "Redaktion: ein Wort mit Geschichte"),
    ("de", "mid", "Redaktion: fünf Leute, zwei Tische"),
    ("ru", "mid", "Редактор: кто он такой"),
    ("pl", "mid", "Redakcja: trzy pokoje przy rynku"),
    ("el", "mid", "Επιμέλεια: δύο νέοι εικαστικοί"),
    ("en", "mid", "▶ The mill was built in 1820 and burned down twice before the town bought it."),
    ("ko", "mid", "▶ 방앗간은 1820년에 지어졌고 두 번 불탔다."),
    ("zh", "mid", "◎ 磨坊建于1820年，曾两次失火，后来由市政府买下。"),
    ("en", "mid", "© marks were painted on the doors overnight, and nobody knows by whom."),
    ("ko", "mid", "ⓒ표시가 없는 책도 보호를 받는다고 시는 설명했다."),
    ("en", "mid", "™ is the sign the brewer forgot, and the court held it against him."),
    ("es", "mid", "Por Ana López votaron 300 vecinos, y por su rival 200."),
    ("en", "tail", "The jury named three winners: Anna Berg, Tom Hill and Sara van der Meer"),
    ("nl", "mid", "Von der Leyen sprak dinsdag in Brussel over de boeken en de molen."),
    ("da", "tail", "Vinderne er Jens Holm og Mette Friis"),
    ("en", "mid", "Version corrected by hand still hang in the hall, next to the printed sheets."),
    ("zh", "tail", "展览由三个部分组成(www.mill-example.org)"),
    ("en", "tail", "Visitors who want to come can find the opening hours on the site (www.mill-example.org)"),
    ("en", "tail", "The best line of the year came from City News Report"),
]
TOPICS = [
    (
        "tr",
        "İZMİR (AA) - KÜÇÜK İŞLETMELER - Esnaf destek istiyor, dedi başkan salı günü. Başvurular bugün başladı.",
    ),
    (
        "en",
        "GENEVA (AP) - CLIMATE CHANGE - It was the first item on the list when ministers met on Tuesday. They will meet again.",
    ),
    (
        "de",
        "BERLIN (dpa) - FC BAYERN - das war das Thema des Abends, sagte der Trainer am Dienstag. Er lachte dabei.",
    ),
]


@pytest.mark.parametrize(("lang", "text"), NEWS)
def test_news_of_something_called_off_or_put_right_is_no_notice(lang: str, text: str) -> None:
    story = f"{text}\n\n{FIRST}\n\n{LAST}"
    got = reading(story, lang=lang)
    assert (got.notice, got.body, got.dateline) == (None, story, None)


@pytest.mark.parametrize(("lang", "text"), KILLS)
def test_a_label_alone_or_a_request_about_a_report_is_a_kill(lang: str, text: str) -> None:
    got = reading(f"{text}\n\n{FIRST}\n\n{LAST}", lang=lang)
    assert got.notice is NoticeKind.KILL


@pytest.mark.parametrize(("lang", "where", "text"), OWN)
def test_a_paragraph_that_resembles_a_credit_stays(lang: str, where: str, text: str) -> None:
    parts = [FIRST, text, LAST] if where == "mid" else [FIRST, LAST, text]
    story = "\n\n".join(parts)
    got = reading(story, lang=lang)
    assert (got.body, got.credit.agency, got.byline) == (story, None, ())


@pytest.mark.parametrize(("lang", "text"), TOPICS)
def test_a_topic_in_capitals_behind_a_dateline_is_no_author(lang: str, text: str) -> None:
    got = reading(f"{text}\n\n{LAST}", lang=lang)
    assert got.byline == () and text.split(" - ", 1)[1] in got.body
