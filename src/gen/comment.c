/* Comments are combinations of a few sentences by language and mood. */
#include "gen/rand.h"
#include "gen/catalog.h"

#define LANGUAGES 12
#define MOODS 3
#define SENTENCES 3
#define LONG_BYTES 4400 /* longer than npsd keeps */

static const char *const sentences[LANGUAGES][MOODS][SENTENCES] = {
    {{"Waited 40 minutes and nobody apologised.", "The \"express\" line was not express at all!",
	 "I won't come back."},
	{"It was okay.", "Average - nothing special, C:\\path of least resistance.", "Fine for the price."},
	{"Staff were wonderful 😀", "Quick, clean, friendly.", "Would recommend to anyone; 10/10."}},
    {{"Die Lieferung kam zwei Wochen zu spät.", "Unfreundlich & überfordert.", "Für das Geld: enttäuschend."},
	{"War in Ordnung.", "Geht so.", "Größe passt, Farbe weniger."},
	{"Sehr schöne Filiale, äußerst hilfsbereit!", "Gerne wieder.", "Übersichtlich und schnell 👍"}},
    {{"Très déçu par l'accueil…", "Le colis était abîmé.", "Personne ne répond au téléphone."},
	{"Ça va.", "Correct, sans plus.", "À améliorer : l'attente."},
	{"Équipe à l'écoute, merci !", "Parfait, comme d'habitude.", "Un vrai « coup de cœur »."}},
    {{"¡Qué vergüenza de servicio!", "Me cobraron dos veces.", "Nunca más volveré."},
	{"Normal.", "Ni bien ni mal.", "Podría ser más rápido."},
	{"Atención excelente, ¡gracias!", "El pedido llegó a tiempo.", "Mañana vuelvo con mi familia."}},
    {{"Péssimo atendimento, não recomendo.", "A aplicação não funciona há dias.",
	 "Ninguém resolveu a reclamação."},
	{"Razoável.", "Podia ser melhor.", "Sem opinião forte."},
	{"Muito simpáticos, voltarei!", "Rápido e fácil.", "Ótima localização e bom café ☕"}},
    {{"Obsługa była nieuprzejma.", "Paczka zaginęła, żadnej odpowiedzi.", "Źle."},
	{"Może być.", "Przeciętnie.", "Średnia jakość, niska cena."},
	{"Świetnie, dziękuję!", "Wszystko zgodnie z planem.", "Bardzo miły zespół."}},
    {{"Очень долго ждал ответа.", "Товар пришёл сломанным.", "Больше не приду."},
	{"Нормально.", "Ничего особенного.", "Цена соответствует качеству."},
	{"Всё отлично, спасибо!", "Вежливый персонал.", "Быстро и удобно."}},
    {{"الخدمة سيئة جدا", "انتظرت أكثر من ساعة.", "لن أعود مرة أخرى"}, {"لا بأس", "عادي", "يمكن أن يكون أفضل"},
	{"خدمة ممتازة، شكرا لكم", "فريق ودود للغاية", "سأنصح أصدقائي به"}},
    {{"सेवा बहुत खराब थी।", "मुझे बहुत देर इंतज़ार करना पड़ा।", "पैसे वापस नहीं मिले।"},
	{"ठीक है।", "औसत।", "कीमत के हिसाब से सही।"},
	{"बहुत बढ़िया अनुभव, धन्यवाद!", "कर्मचारी बहुत मददगार थे।", "फिर आऊँगा।"}},
    {{"待ち時間が長すぎます。", "商品が壊れていました。", "二度と利用しません。"},
	{"普通です。", "可もなく不可もなく。", "値段相応。"},
	{"とても親切でした！", "また来ます😊", "対応が早くて助かりました。"}},
    {{"服務態度很差。", "等了一個小時都沒有人理我。", "不會再來。"}, {"還可以。", "一般般。", "價格合理。"},
	{"非常滿意，謝謝！", "店員很熱心👏", "環境乾淨、速度快。"}},
    {{"직원이 불친절했어요.", "환불이 아직도 안 됐습니다.", "다시는 안 갑니다."},
	{"그냥 그래요.", "보통입니다.", "가격 대비 괜찮아요."},
	{"정말 친절하고 빨랐어요!", "추천합니다 🙌", "매장이 깨끗해요."}},
};
static const char *const joints[4] = {" ", "\n", " / ", "\t"};

void gen_comment(struct npsd_buf *out, uint32_t code)
{
	const char *const(*of)[SENTENCES] = sentences[code % 16 % LANGUAGES];
	uint32_t mood = code / 16 % 4 % MOODS, choice = (uint32_t)gen_mix(code);
	uint32_t n = 1 + choice % 3;
	size_t begin = out->n;
	int is_long = choice / 1024 % 1500 == 0;

	for (uint32_t i = 0; i < n || (is_long && out->n - begin < LONG_BYTES); i++) {
		if (i)
			npsd_buf_addz(out, joints[choice >> 28 & 3]);
		npsd_buf_addz(out, of[mood][(choice / 4 + i * (1 + choice / 64 % 2)) % SENTENCES]);
	}
}
