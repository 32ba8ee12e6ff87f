#include <stdlib.h>

#include "gen/rand.h"
#include "gen/types.h"

#define LANGUAGES 12
#define MOODS 3
#define SENTENCES 3
#define LONG_BYTES 4400 /* longer than npsd keeps */

const char *const gen_intent_names[GEN_NINTENT] = {
    "creates", "edits", "withdraws", "revives", "reaches", "duplicate", "late", "rejected", "ignored"};

const char *const gen_type_names[GEN_NTYPE] = {"response.submitted", "response.updated", "response.retracted",
    "survey.invited", "survey.delivered", "survey.opened", "survey.declined", "survey.bounced",
    "survey.unsubscribed"};

const char *const gen_kind_names[GEN_KINDS] = {"transactional", "relational", "other"};

const char *const gen_theme_names[GEN_NTHEMES] = {"price", "waiting time", "staff", "cleanliness", "quality",
    "delivery", "website", "app", "billing", "support", "returns", "parking", "opening hours", "noise",
    "food & drink", "safety", "Öffnungszeiten", "価格", "вежливость", "speed: checkout"};

const char *const gen_list_fields[GEN_NLIST] = {
    "channel", "stage", "team", "product", "profile", "language", "survey_id", "owner", "attributes.plan"};

/* Index 0: absent; NULL ends. Some values need percent-encoding in the name of a segment. */
static const char *const lists[GEN_NLIST][14] = {
    [GEN_CHANNEL] = {NULL, "email", "sms", "web", "app:ios", "app:android", "kiosk", "qr", "call center",
	"web={v2}", "sms,2-way", "100%"},
    [GEN_STAGE] = {NULL, "onboarding", "purchase", "delivery", "support", "renewal", "exit"},
    [GEN_TEAM] = {NULL, "team-01", "team-02", "team-03", "team-04", "team-05", "team-06", "night shift",
	"Équipe Nord", "チームA"},
    [GEN_PRODUCT] = {NULL, "basic", "plus", "pro", "card: gold", "insurance", "loan", "Zubehör"},
    [GEN_PROFILE] = {NULL, "b2b", "b2c", "vip", "student", "60+"},
    [GEN_LANGUAGE] = {NULL, "en", "de", "fr", "es", "pt-BR", "pl", "ru", "ar", "hi", "ja", "zh-Hant", "ko"},
    [GEN_SURVEY] = {NULL, "srv-checkout", "srv-delivery", "srv-2026-spring", "srv-2026-autumn", "srv-support",
	"srv-branch"},
    [GEN_OWNER] = {NULL, "ana.silva", "b.schmidt", "chen.wei", "d.okafor", "elif", "f.rossi", "gopal",
	"hanna", "ivan@example.com", "Żaneta K."},
    [GEN_PLAN] = {NULL, "silver", "gold", "bronze", "trial: 30 days"},
};

static const char *const regions[] = {
    "north", "south", "east", "west", "Île-de-France", "asia-pacific", "latam", "EMEA: key accounts"};
static const char *const cities[] = {"lisbon", "Porto", "São Paulo", "Berlin", "München", "Paris", "Lyon",
    "Madrid", "Kraków", "Łódź", "Москва", "Санкт-Петербург", "القاهرة", "دبي", "दिल्ली", "मुंबई", "東京", "大阪",
    "臺北", "서울", "부산", "Washington, D.C.", "New York", "St. John's", "Zürich", "Genève", "Nairobi",
    "Lagos", "Québec", "50% Outlet", "Reykjavík", "Hồ Chí Minh"};
#define NREGIONS (sizeof(regions) / sizeof(*regions))
#define NCITIES (sizeof(cities) / sizeof(*cities))

uint32_t gen_list_len(enum gen_list list)
{
	uint32_t n = 1;

	while (lists[list][n])
		n++;
	return n - 1;
}

struct npsd_str gen_list_value(enum gen_list list, uint32_t index)
{
	return npsd_str(index == GEN_TEXT_NONE ? "__none__" : lists[list][index]);
}

/* Most locations are units in a city; a few are a whole region or city, or a desk of a unit. */
static void put_path(struct npsd_buf *o, uint32_t i, uint32_t ncities)
{
	uint32_t city = (uint32_t)(gen_mix(i + 1) % ncities);

	npsd_buf_addz(o, regions[city % NREGIONS]);
	if (i % 211 == 11)
		return;
	npsd_buf_addf(o, "/%s", cities[city % NCITIES]);
	if (city >= NCITIES)
		npsd_buf_addf(o, "-%zu", city / NCITIES + 1);
	if (i % 53 == 7)
		return;
	npsd_buf_addf(o, "/unit-%0*u", i < 10000 ? 4 : 7, i);
	if (i % 97 == 13)
		npsd_buf_addz(o, "/desk 1");
}

struct gen_catalog *gen_catalog_new(uint32_t locations)
{
	struct gen_catalog *w = calloc(1, sizeof(*w));
	size_t arena = (size_t)locations * GEN_LOCATION_BYTES;
	struct npsd_buf *o = &w->arena;
	uint32_t ncities = locations / 20 + 1;
	uint64_t sum = 0;

	npsd_assert(w && locations > 0);
	w->nlocations = locations;
	w->location = calloc(locations, sizeof(*w->location));
	npsd_assert(w->location);
	npsd_buf_init(o, arena);
	npsd_buf_reserve(o, arena); /* so that no path moves */
	for (uint32_t i = 0; i < locations; i++) {
		size_t at = o->n;

		put_path(o, i, ncities);
		sum += ((uint64_t)1 << 40) / (i + 1);
		w->location[i] = (struct gen_location){
		    {o->p + at, (uint32_t)(o->n - at)}, (uint8_t)(gen_mix(i ^ 0x7e3a) & 3), sum};
	}
	npsd_assert(!o->full);
	return w;
}

void gen_catalog_free(struct gen_catalog **world)
{
	if (!*world)
		return;
	free((*world)->location);
	npsd_buf_free(&(*world)->arena);
	free(*world);
	*world = NULL;
}

uint32_t gen_catalog_pick(const struct gen_catalog *w, uint64_t *rand)
{
	uint64_t want = gen_rand(rand) % w->location[w->nlocations - 1].weight;
	uint32_t lo = 0, hi = w->nlocations - 1;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (w->location[mid].weight > want)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Comments are combinations of a few sentences by language and mood. */
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
