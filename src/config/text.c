/*
 * The canonical text: lines `NAME=VALUE`, sorted by bytes, of every option that changes what is counted. Two
 * processes with equal texts count alike. The text is stored, so it contains no secret.
 */
#include "config/readers.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

/* A byte for each option. `segments` has two more lines, `caps` and `topic_defaults` one for each key. */
/* clang-format off */
enum {
	LINES_MAX = 2 + NPSD_NDIM + NPSD_MAX_TOPICS + sizeof(
#define X(name, ...) "x"
#include "tbl/options.def"
#include "tbl/lists.def"
#undef X
	)
};
/* clang-format on */

static void end_line(struct npsd_buf *b)
{
	npsd_buf_add(b, "", 1);
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

	if (!npsd_option_is_scalar(o))
		return;
	npsd_buf_addf(b, "%s=", o->name);
	switch (o->type) {
	case NPSD_OPTION_STR:
		npsd_buf_addz(b, *(const char *const *)field);
		break;
	case NPSD_OPTION_SECRET:
		add_digest(b, *(const char *const *)field);
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
	case NPSD_OPTION_INT:
	case NPSD_OPTION_MS:
	case NPSD_OPTION_BYTES:
		npsd_buf_addf(b, "%" PRId64, *(const int64_t *)field);
		break;
	case NPSD_OPTION_LIST:
	case NPSD_OPTION_MAP:
		break; /* add_READER() writes it */
	}
	end_line(b);
}

/* Appends a blank and the time, unless it is 0. */
static void add_since(struct npsd_buf *b, int64_t since_ms)
{
	if (since_ms)
		npsd_buf_addf(b, " %" PRId64, since_ms);
}

/* `NUMBER NAME[ SINCE_MS]` by ascending number: the order of the sets in the file changes nothing. */
static void add_sets(struct npsd_buf *b, const struct npsd_config *cfg)
{
	const char *before = "segments=";

	for (uint32_t number = 0; number < cfg->sets_given; number++)
		for (int i = 0; i < cfg->sets.n; i++)
			if (cfg->sets.set[i].number == number) {
				npsd_buf_addf(b, "%s%" PRIu32 " %s", before, number, cfg->sets.set[i].name);
				add_since(b, cfg->sets.set[i].since_ms);
				before = ";";
			}
}

/* --- the rows of lists.def that are in the text: add_READER() --- */

static void add_segments(struct npsd_buf *b, const struct npsd_config *cfg)
{
	npsd_buf_addz(b, "attributes=");
	for (int i = 0; i < cfg->sets.nattr; i++)
		npsd_buf_addf(b, "%s%s", i ? "," : "", cfg->sets.attr[i]);
	end_line(b);
	add_sets(b, cfg);
	end_line(b);
	npsd_buf_addf(b, "sets.given=%" PRIu32, cfg->sets_given);
	end_line(b);
}

static void add_windows(struct npsd_buf *b, const struct npsd_config *cfg)
{
	npsd_buf_addz(b, "windows=");
	for (int i = 0; i < cfg->nwindows; i++) {
		npsd_buf_addf(b, "%s%s", i ? "," : "", cfg->windows[i].name);
		add_since(b, cfg->windows[i].since_ms);
	}
	end_line(b);
}

static void add_caps(struct npsd_buf *b, const struct npsd_config *cfg)
{
	for (int dim = 0; dim < NPSD_DIM_ATTR0 + cfg->sets.nattr; dim++) {
		npsd_buf_addf(b, "caps.%s=%u", npsd_dim_word(&cfg->sets, dim), cfg->caps[dim]);
		end_line(b);
	}
}

static void add_topics(struct npsd_buf *b, const struct npsd_config *cfg)
{
	npsd_buf_addz(b, "kafka.topics=");
	for (int i = 0; i < cfg->ntopics; i++)
		npsd_buf_addf(b, "%s%s", i ? "," : "", cfg->topics[i]);
	end_line(b);
}

/* Only topics whose kind differs from defaults.survey_kind have a line. */
static void add_topic_defaults(struct npsd_buf *b, const struct npsd_config *cfg)
{
	const struct npsd_option *o = npsd_option_find("defaults.survey_kind");

	for (int i = 0; i < cfg->ntopics; i++) {
		int kind = npsd_config_kind(cfg, i);

		if (kind == cfg->default_kind)
			continue;
		npsd_buf_addf(b, "topic_defaults.%s.survey_kind=", cfg->topics[i]);
		add_word(b, o->words, kind);
		end_line(b);
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

#define ADD_RESTART(reader)
#define ADD_APPLY(reader) add_##reader(&b, cfg);
#define ADD_REBUILD(reader) add_##reader(&b, cfg);

void npsd_config_make_text(struct npsd_config *cfg)
{
	char *line[LINES_MAX] = {0}, *end;
	struct npsd_buf b;
	size_t n = 0;

	npsd_buf_init(&b, 65536);
	for (int i = 0; i < npsd_noptions; i++)
		if (npsd_options[i].change != NPSD_CHANGED_BY_RESTART)
			add_option(&b, cfg, &npsd_options[i]);
#define X(name, reader, shape, def, change, help) ADD_##change(reader)
#include "tbl/lists.def"
#undef X
	npsd_assert(!b.full);
	for (char *p = b.p; p < b.p + b.n; p += strlen(p) + 1) {
		npsd_assert(n < LINES_MAX);
		line[n++] = p;
	}
	qsort(line, n, sizeof line[0], by_bytes);
	free(cfg->text);
	cfg->text = end = malloc(b.n + 1);
	npsd_assert(end);
	*end = 0;
	for (size_t i = 0; i < n; i++)
		end = stpcpy(stpcpy(end, line[i]), "\n");
	npsd_buf_free(&b);
	npsd_config_hash_text(cfg->hash, cfg->text);
}

/* --- reading the text back --- */

struct npsd_str npsd_text_value(const char *text, const char *name)
{
	struct npsd_str rest = npsd_str(text), line, word;

	while (npsd_str_next(&line, &rest, '\n'))
		if (npsd_str_next(&word, &line, '=') && npsd_str_eq(word, npsd_str(name)))
			return line;
	return (struct npsd_str){NULL, 0};
}
