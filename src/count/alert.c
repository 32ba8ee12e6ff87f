#include "count/alert.h"

#include <inttypes.h>
#include <msgpack.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "count/json_text.h"
#include "count/route.h"
#include "npsd/err.h"

#define JSON_MAX (256 * 1024)
#define CHANNEL_TEXT_MAX (128 * 1024)
#define CHANNELS_MAX 64
#define KEYED_DIGITS 32

struct npsd_alerter {
	const struct npsd_config *cfg;
	const struct npsd_set *by_location; /* the set [location]; NULL: not configured */
	EVP_MAC *mac;
	EVP_MAC_CTX *keyed;
	struct npsd_buf json, text; /* text: scratch for the id, the segment's name, the channels */
	struct {
		uint32_t at, n;
	} channel[CHANNELS_MAX];
	int nchannels;
};

static const char *const transition_names[] = {"", "raised", "changed", "retracted"};
static const char *const severity_names[] = {"critical", "high", "moderate"};

static const struct npsd_set *find_location_set(const struct npsd_sets *sets)
{
	for (int i = 0; i < sets->n; i++)
		if (sets->set[i].ndims == 1 && sets->set[i].dims[0] == NPSD_DIM_location)
			return &sets->set[i];
	return NULL;
}

struct npsd_alerter *npsd_alerter_new(const struct npsd_config *cfg)
{
	struct npsd_alerter *a = calloc(1, sizeof *a);
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};

	npsd_assert(a);
	a->cfg = cfg;
	a->by_location = find_location_set(&cfg->sets);
	npsd_buf_init(&a->json, JSON_MAX);
	npsd_buf_init(&a->text, CHANNEL_TEXT_MAX);
	if (cfg->alerts_respondent == NPSD_RESPONDENT_KEYED) {
		const char *key = cfg->alerts_respondent_key;

		a->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
		a->keyed = a->mac ? EVP_MAC_CTX_new(a->mac) : NULL;
		npsd_assert(a->keyed);
		npsd_assert(EVP_MAC_init(a->keyed, (const unsigned char *)key, strlen(key), params) == 1);
	}
	return a;
}

void npsd_alerter_free(struct npsd_alerter **alerter)
{
	struct npsd_alerter *a = *alerter;

	*alerter = NULL;
	if (!a)
		return;
	EVP_MAC_CTX_free(a->keyed);
	EVP_MAC_free(a->mac);
	npsd_buf_free(&a->json);
	npsd_buf_free(&a->text);
	free(a);
}

static const char *severity_of(int score)
{
	return severity_names[score <= 2 ? 0 : score <= 4 ? 1 : 2];
}

/* The content that the alert shows: the present one, or the previous one if the answer was withdrawn. */
static const struct npsd_content *shown(const struct npsd_alert *al)
{
	return al->decision->now ? al->decision->now : &al->decision->before;
}

static int score_of(const struct npsd_content *c)
{
	return c ? c->score : NPSD_SCORE_NULL;
}

/* The score that determines the severity. For a `retracted` it is the previous score: every change of a score
 * makes an alert, so this is the severity of the last alert. */
static int severity_score(const struct npsd_alert *al)
{
	return al->decision->transition == NPSD_TRANSITION_RETRACTED ? al->decision->before.score
								     : al->decision->now->score;
}

/* The value of a dimension: the event's own text, else what the ledger keeps; p == NULL: neither has one. */
static struct npsd_str text_of(const struct npsd_alert *al, int dim, const struct npsd_names *names)
{
	uint32_t id = shown(al)->value[dim];

	if (al->ev->dim[dim].n > 0)
		return al->ev->dim[dim];
	if (id < NPSD_ID_FIRST || (dim == NPSD_DIM_location && shown(al)->over_cap))
		return (struct npsd_str){NULL, 0};
	return npsd_names_text_any(names, id);
}

/* The location; if it is over cap and the event does not name it, its nearest ancestor within the cap. */
static struct npsd_str path_of(const struct npsd_alert *al, const struct npsd_names *names)
{
	struct npsd_str text = text_of(al, NPSD_DIM_location, names);
	uint32_t id = shown(al)->value[NPSD_DIM_location];

	return text.n > 0 || id < NPSD_ID_FIRST ? text : npsd_names_text_any(names, id);
}

static void add_text(struct npsd_buf *json, const char *name, struct npsd_str text)
{
	if (text.n == 0)
		return;
	npsd_json_name(json, name);
	npsd_json_text(json, text);
}

static void add_int(struct npsd_buf *json, const char *name, int64_t value)
{
	npsd_json_name(json, name);
	npsd_buf_addf(json, "%" PRId64, value);
}

/* --- reasons --- */

static void add_reason(struct npsd_buf *json, const char *word)
{
	if (json->p[json->n - 1] != '[')
		npsd_buf_add(json, ",", 1);
	npsd_json_text(json, npsd_str(word));
}

static void add_changes(struct npsd_buf *json, const struct npsd_content *a, const struct npsd_content *b,
    const struct npsd_sets *sets)
{
	if (a->score != b->score)
		add_reason(json, "score");
	if (a->value[NPSD_DIM_owner] != b->value[NPSD_DIM_owner])
		add_reason(json, "owner");
	if (b->has_comment && (!a->has_comment || a->comment_hash != b->comment_hash))
		add_reason(json, "comment");
	if (a->kind != b->kind)
		add_reason(json, "survey_kind");
	if (npsd_content_place(a) != npsd_content_place(b))
		add_reason(json, "location");
	for (int dim = 0; dim < NPSD_NDIM; dim++)
		if (dim != NPSD_DIM_location && dim != NPSD_DIM_owner && a->value[dim] != b->value[dim])
			add_reason(json, npsd_dim_word(sets, dim));
	if (a->nthemes != b->nthemes || memcmp(a->theme, b->theme, a->nthemes * sizeof a->theme[0]) != 0)
		add_reason(json, "themes");
}

static void add_reasons(struct npsd_buf *json, const struct npsd_alert *al, const struct npsd_sets *sets)
{
	npsd_json_name(json, "reasons");
	npsd_buf_add(json, "[", 1);
	if (al->decision->transition == NPSD_TRANSITION_RAISED)
		add_reason(json, "detractor");
	else if (al->decision->transition == NPSD_TRANSITION_RETRACTED)
		add_reason(json, al->decision->now ? "score" : al->ev->excluded ? "excluded" : "withdrawn");
	else
		add_changes(json, &al->decision->before, al->decision->now, sets);
	npsd_buf_add(json, "]", 1);
}

/* --- the JSON object --- */

static void add_respondent(struct npsd_alerter *a, struct npsd_str respondent)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[KEYED_DIGITS + 1];
	size_t n = 0;
	bool ok;

	if (a->cfg->alerts_respondent == NPSD_RESPONDENT_PLAIN)
		add_text(&a->json, "respondent_id", respondent);
	if (!a->keyed || respondent.n == 0)
		return;
	ok = EVP_MAC_init(a->keyed, NULL, 0, NULL) == 1 &&
	     EVP_MAC_update(a->keyed, (const unsigned char *)respondent.p, respondent.n) == 1 &&
	     EVP_MAC_final(a->keyed, digest, &n, sizeof digest) == 1;
	npsd_assert(ok && n * 2 >= KEYED_DIGITS);
	for (int i = 0; i < KEYED_DIGITS / 2; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	add_text(&a->json, "respondent_id", (struct npsd_str){hex, KEYED_DIGITS});
}

static void add_themes(struct npsd_buf *json, const struct npsd_alert *al, const struct npsd_names *names)
{
	int n = al->ev->has_themes ? al->ev->nthemes : shown(al)->nthemes;
	bool any = false;

	for (int i = 0; i < n; i++) {
		struct npsd_str text = al->ev->has_themes ? al->ev->theme[i]
				       : shown(al)->theme[i] >= NPSD_ID_FIRST
					   ? npsd_names_text_any(names, shown(al)->theme[i])
					   : (struct npsd_str){NULL, 0};

		if (text.n == 0)
			continue;
		if (any)
			npsd_buf_add(json, ",", 1);
		else {
			npsd_json_name(json, "themes");
			npsd_buf_add(json, "[", 1);
		}
		any = true;
		npsd_json_text(json, text);
	}
	if (any)
		npsd_buf_add(json, "]", 1);
}

static void add_dimensions(
    struct npsd_alerter *a, const struct npsd_alert *al, const struct npsd_names *names)
{
	const struct npsd_sets *sets = &a->cfg->sets;
	bool any = false;

	add_text(&a->json, "survey_kind", npsd_str(npsd_kind_names[shown(al)->kind]));
	for (int dim = 0; dim < NPSD_DIM_ATTR0; dim++)
		if (dim != NPSD_DIM_owner && dim != NPSD_DIM_theme)
			add_text(&a->json, npsd_dim_word(sets, dim), text_of(al, dim, names));
	add_themes(&a->json, al, names);
	for (int i = 0; i < sets->nattr; i++) {
		struct npsd_str text = text_of(al, NPSD_DIM_ATTR0 + i, names);

		if (text.n == 0)
			continue;
		if (!any) {
			npsd_json_name(&a->json, "attributes");
			npsd_buf_add(&a->json, "{", 1);
		} else {
			npsd_buf_add(&a->json, ",", 1);
		}
		any = true;
		npsd_json_text(&a->json, npsd_str(sets->attr[i]));
		npsd_buf_add(&a->json, ":", 1);
		npsd_json_text(&a->json, text);
	}
	if (any)
		npsd_buf_add(&a->json, "}", 1);
}

static void add_seg(struct npsd_alerter *a, const struct npsd_alert *al, const struct npsd_names *names)
{
	uint32_t id[NPSD_SET_DIMS] = {npsd_content_place(shown(al))};
	uint32_t kind = a->cfg->kinds_split ? shown(al)->kind : NPSD_KIND_NONE;

	if (!a->by_location)
		return;
	npsd_buf_clear(&a->text);
	npsd_assert(
	    npsd_seg_name(&a->text, npsd_seg_pack(a->by_location->number, kind, id), &a->cfg->sets, names));
	add_text(&a->json, "seg", npsd_buf_str(&a->text));
}

/* The alert's id, `RESPONSE_ID:SEQUENCE`, not yet escaped. */
static void write_id(struct npsd_buf *out, const struct npsd_alert *al)
{
	npsd_buf_add(out, al->ev->id.p, al->ev->id.n);
	npsd_buf_addf(out, ":%u", (unsigned)al->decision->entry->transitions);
}

static int64_t at_ms(const struct npsd_event *ev)
{
	return ev->updated_ms != NPSD_TIME_NONE ? ev->updated_ms : ev->event_ms;
}

static void write_json(
    struct npsd_alerter *a, const struct npsd_alert *al, const char *source, const struct npsd_names *names)
{
	const struct npsd_decision *j = al->decision;
	struct npsd_buf *json = &a->json;

	npsd_buf_clear(&a->text);
	write_id(&a->text, al);
	npsd_buf_clear(json);
	npsd_buf_add(json, "{", 1);
	add_text(json, "id", npsd_buf_str(&a->text));
	add_text(json, "kind", npsd_str(transition_names[j->transition]));
	add_text(json, "severity", npsd_str(severity_of(severity_score(al))));
	add_reasons(json, al, &a->cfg->sets);
	add_int(json, "incident", (int64_t)j->entry->incident);
	add_text(json, "response_id", al->ev->id);
	if (score_of(j->now) >= 0)
		add_int(json, "score", score_of(j->now));
	if (j->had && j->before.score >= 0 && j->before.score != score_of(j->now))
		add_int(json, "prev_score", j->before.score);
	if (a->cfg->alerts_comment)
		add_text(json, "comment", al->ev->comment);
	npsd_json_name(json, "has_comment");
	npsd_buf_addz(json, shown(al)->has_comment ? "true" : "false");
	add_text(json, "owner", text_of(al, NPSD_DIM_owner, names));
	add_respondent(a, al->ev->respondent);
	add_dimensions(a, al, names);
	add_int(json, "responded_at_ms", j->entry->event_ms);
	add_int(json, "at_ms", at_ms(al->ev));
	add_seg(a, al, names);
	add_text(json, "source", npsd_str(source));
	npsd_buf_addz(json, ",\"contract\":1}");
	npsd_assert(!json->full);
}

/* --- channels --- */

static void add_channel(struct npsd_alerter *a, const char *prefix, struct npsd_str value)
{
	uint32_t at = (uint32_t)a->text.n, n;

	npsd_buf_addz(&a->text, prefix);
	npsd_name_encode(&a->text, value);
	npsd_assert(!a->text.full);
	n = (uint32_t)a->text.n - at;
	for (int i = 0; i < a->nchannels; i++)
		if (a->channel[i].n == n && memcmp(a->text.p + a->channel[i].at, a->text.p + at, n) == 0) {
			a->text.n = at;
			return;
		}
	npsd_assert(a->nchannels < CHANNELS_MAX);
	a->channel[a->nchannels].at = at;
	a->channel[a->nchannels++].n = n;
}

static void add_paths(struct npsd_alerter *a, struct npsd_str path)
{
	for (uint32_t n = 1; n <= path.n; n++)
		if (n == path.n || path.p[n] == '/')
			add_channel(a, "location:", (struct npsd_str){path.p, n});
}

static void add_value(struct npsd_alerter *a, const char *prefix, struct npsd_str value)
{
	if (value.n > 0)
		add_channel(a, prefix, value);
}

/* The channels of the content before, as far as the ledger keeps its values. */
static void add_old_channels(
    struct npsd_alerter *a, const struct npsd_content *old, const struct npsd_names *names)
{
	uint32_t place = old->value[NPSD_DIM_location], team = old->value[NPSD_DIM_team],
		 owner = old->value[NPSD_DIM_owner];

	add_channel(a, "severity:", npsd_str(severity_of(old->score)));
	if (place >= NPSD_ID_FIRST)
		add_paths(a, npsd_names_text_any(names, place));
	if (team >= NPSD_ID_FIRST)
		add_value(a, "team:", npsd_names_text_any(names, team));
	if (owner >= NPSD_ID_FIRST)
		add_value(a, "owner:", npsd_names_text_any(names, owner));
}

static void write_channels(
    struct npsd_alerter *a, const struct npsd_alert *al, const struct npsd_names *names)
{
	a->nchannels = 0;
	npsd_buf_clear(&a->text);
	add_channel(a, "all", (struct npsd_str){NULL, 0});
	add_channel(a, "severity:", npsd_str(severity_of(severity_score(al))));
	add_paths(a, path_of(al, names));
	add_value(a, "team:", text_of(al, NPSD_DIM_team, names));
	add_value(a, "owner:", text_of(al, NPSD_DIM_owner, names));
	if (al->decision->transition != NPSD_TRANSITION_RAISED)
		add_old_channels(a, &al->decision->before, names);
}

/* --- packing --- */

static int pack_write(void *to, const char *p, size_t n)
{
	npsd_buf_add(to, p, n);
	return 0;
}

static void pack_text(msgpack_packer *pk, struct npsd_str text)
{
	msgpack_pack_str(pk, text.n);
	msgpack_pack_str_body(pk, text.p, text.n);
}

/* An alert becomes stale alerts.max_age after the record's timestamp, or after the answer's time if that is
 * earlier and the event creates or revives the response. */
static int64_t stale_after_ms(const struct npsd_alert *al, const struct npsd_config *cfg)
{
	int64_t ms = al->record_ms;

	if (al->decision->first && al->decision->entry->event_ms < ms)
		ms = al->decision->entry->event_ms;
	return ms + cfg->alerts_max_age_ms;
}

void npsd_alert_add(struct npsd_batch *batch, struct npsd_alerter *a, const struct npsd_alert *al,
    const struct npsd_names *names)
{
	const char *severity = severity_of(severity_score(al));
	msgpack_packer pk;
	char source[320], at[24]; /* at: as text, since a script's numbers are exact up to 2^53 */

	snprintf(at, sizeof at, "%" PRId64, at_ms(al->ev));
	snprintf(source, sizeof source, "%s/%" PRId32 "/%" PRId64, a->cfg->topics[al->tp.topic], al->tp.part,
	    al->offset);
	write_json(a, al, source, names);
	msgpack_packer_init(&pk, &batch->alerts, pack_write);
	msgpack_pack_array(&pk, 9);
	npsd_buf_clear(&a->text);
	write_id(&a->text, al);
	pack_text(&pk, npsd_buf_str(&a->text));
	pack_text(&pk, npsd_str(transition_names[al->decision->transition]));
	pack_text(&pk, npsd_str(severity));
	pack_text(&pk, al->ev->id);
	pack_text(&pk, (struct npsd_str){at, (uint32_t)strlen(at)});
	pack_text(&pk, npsd_str(source));
	pack_text(&pk, npsd_buf_str(&a->json));
	msgpack_pack_int64(&pk, stale_after_ms(al, a->cfg));
	write_channels(a, al, names);
	msgpack_pack_array(&pk, (size_t)a->nchannels);
	for (int i = 0; i < a->nchannels; i++)
		pack_text(&pk, (struct npsd_str){a->text.p + a->channel[i].at, a->channel[i].n});
	npsd_assert(!batch->alerts.full);
	batch->nalerts++;
	if (severity == severity_names[0])
		batch->urgent = true;
}
