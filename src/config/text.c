/*
 * The canonical text: one `name=value` a line, sorted by bytes, of all that bears on what is counted. Two
 * processes with the same text count alike; it is stored, so it holds no secret.
 */
#include "config/internal.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#define LINES_MAX 128

struct lines {
	char *line[LINES_MAX];
	int n;
};

static void end_line(struct lines *l, struct npsd_buf *b)
{
	npsd_assert(l->n < LINES_MAX && !b->full);
	l->line[l->n] = strndup(b->p, b->n);
	npsd_assert(l->line[l->n]);
	l->n++;
	npsd_buf_clear(b);
}

static void add_digest(struct npsd_buf *b, const char *secret)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (!*secret)
		return;
	npsd_assert(EVP_Digest(secret, strlen(secret), md, &n, EVP_sha256(), NULL) == 1);
	npsd_buf_addz(b, "sha256:");
	for (int i = 0; i < 8; i++)
		npsd_buf_addf(b, "%02x", md[i]);
}

static void add_word(struct npsd_buf *b, const char *words, int number)
{
	for (; number > 0; number--)
		words += strcspn(words, "|") + 1;
	npsd_buf_add(b, words, strcspn(words, "|"));
}

static void add_option(struct npsd_buf *b, const struct npsd_config *cfg, const struct npsd_option *o)
{
	const void *field = (const char *)cfg + o->offset;

	npsd_buf_addf(b, "%s=", o->name);
	switch (o->type) {
	case NPSD_OPTION_STR:
		if (strcmp(o->name, "alerts.respondent_key") == 0)
			add_digest(b, *(const char *const *)field);
		else
			npsd_buf_addz(b, *(const char *const *)field);
		break;
	case NPSD_OPTION_NUM:
		npsd_buf_addf(b, "%.17g", *(const double *)field);
		break;
	case NPSD_OPTION_BOOL:
		npsd_buf_addz(b, *(const bool *)field ? "true" : "false");
		break;
	case NPSD_OPTION_ENUM:
		add_word(b, o->words, *(const int *)field);
		break;
	default:
		npsd_buf_addf(b, "%" PRId64, *(const int64_t *)field);
		break;
	}
}

/* A number behind a blank, where it is not 0. */
static void add_since(struct npsd_buf *b, int64_t since_ms)
{
	if (since_ms)
		npsd_buf_addf(b, " %" PRId64, since_ms);
}

/* `NUMBER NAME[ SINCE_MS]`, ascending; the order in the file means nothing once sets have numbers. */
static void add_sets(struct npsd_buf *b, const struct npsd_sets *sets)
{
	int last = -1;

	npsd_buf_addz(b, "segments=");
	for (int i = 0; i < sets->n; i++) {
		const struct npsd_set *least = NULL;

		for (int j = 0; j < sets->n; j++)
			if (sets->set[j].number > last && (!least || sets->set[j].number < least->number))
				least = &sets->set[j];
		npsd_assert(least);
		npsd_buf_addf(b, "%s%u %s", i ? ";" : "", least->number, least->name);
		add_since(b, least->since_ms);
		last = least->number;
	}
}

static void add_lists(struct lines *l, struct npsd_buf *b, const struct npsd_config *cfg)
{
	npsd_buf_addz(b, "attributes=");
	for (int i = 0; i < cfg->sets.nattr; i++)
		npsd_buf_addf(b, "%s%s", i ? "," : "", cfg->sets.attr[i]);
	end_line(l, b);
	add_sets(b, &cfg->sets);
	end_line(l, b);
	npsd_buf_addf(b, "sets.given=%" PRIu32, cfg->sets_given);
	end_line(l, b);
	npsd_buf_addz(b, "windows=");
	for (int i = 0; i < cfg->nwindows; i++) {
		npsd_buf_addf(b, "%s%s", i ? "," : "", cfg->windows[i].name);
		add_since(b, cfg->windows[i].since_ms);
	}
	end_line(l, b);
	for (int dim = 0; dim < NPSD_DIM_ATTR0 + cfg->sets.nattr; dim++) {
		npsd_buf_addf(b, "caps.%s=%u", npsd_dim_word(&cfg->sets, dim), cfg->caps[dim]);
		end_line(l, b);
	}
}

/* Only what differs from the default of all, which has a line of its own. */
static void add_topics(struct lines *l, struct npsd_buf *b, const struct npsd_config *cfg)
{
	const struct npsd_option *o = npsd_option_find("defaults.survey_kind");

	for (int i = 0; i < cfg->ntopics; i++) {
		int kind = npsd_config_kind(cfg, i);

		if (kind == cfg->default_kind)
			continue;
		npsd_buf_addf(b, "topic_defaults.%s.survey_kind=", cfg->topics[i]);
		add_word(b, o->words, kind);
		end_line(l, b);
	}
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void npsd_config_hash_text(char out[33], const char *text)
{
	XXH128_canonical_t hash;

	XXH128_canonicalFromHash(&hash, XXH3_128bits(text, strlen(text)));
	for (size_t i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", hash.digest[i]);
}

void npsd_config_make_text(struct npsd_config *cfg)
{
	struct lines l = {.n = 0};
	struct npsd_buf b;

	npsd_buf_init(&b, 65536);
	for (int i = 0; i < npsd_noptions; i++)
		if (npsd_options[i].counted) {
			add_option(&b, cfg, &npsd_options[i]);
			end_line(&l, &b);
		}
	add_lists(&l, &b, cfg);
	add_topics(&l, &b, cfg);
	qsort(l.line, (size_t)l.n, sizeof l.line[0], by_bytes);
	for (int i = 0; i < l.n; i++) {
		npsd_buf_addz(&b, l.line[i]);
		npsd_buf_add(&b, "\n", 1);
		free(l.line[i]);
	}
	free(cfg->text);
	cfg->text = strndup(b.p, b.n);
	npsd_assert(cfg->text && !b.full);
	npsd_buf_free(&b);
	npsd_config_hash_text(cfg->hash, cfg->text);
}

/* Takes the next line off *text. */
static struct npsd_str take_line(const char **text)
{
	struct npsd_str line = {*text, (uint32_t)strcspn(*text, "\n")};

	*text += line.n + ((*text)[line.n] == '\n');
	return line;
}

static int compare_names(struct npsd_str a, struct npsd_str b)
{
	uint32_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static struct npsd_str name_of(struct npsd_str line)
{
	const char *eq = memchr(line.p, '=', line.n);

	return (struct npsd_str){line.p, eq ? (uint32_t)(eq - line.p) : line.n};
}

const char *npsd_config_difference(const char *text_a, const char *text_b)
{
	static char name[256];

	while (*text_a || *text_b) {
		struct npsd_str a = take_line(&text_a), b = take_line(&text_b), first;

		if (npsd_str_eq(a, b))
			continue;
		first = b.n == 0 || (a.n > 0 && compare_names(name_of(a), name_of(b)) < 0) ? name_of(a)
											   : name_of(b);
		snprintf(name, sizeof name, "%.*s", (int)first.n, first.p);
		return name;
	}
	return NULL;
}
