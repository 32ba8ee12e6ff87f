/*
 * The configuration: YAML and --set, over the defaults of src/tbl/options.def. Read once by main, constant
 * after that: any thread may read it.
 */
#ifndef NPSD_CONFIG_H
#define NPSD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npsd/err.h"
#include "npsd/segment.h"

enum npsd_clock_kind { NPSD_CLOCK_WALL, NPSD_CLOCK_EVENT };
enum npsd_start { NPSD_START_EARLIEST, NPSD_START_LATEST };
enum npsd_on_gap { NPSD_GAP_CONTINUE, NPSD_GAP_HALT };
enum npsd_respondent { NPSD_RESPONDENT_PLAIN, NPSD_RESPONDENT_KEYED, NPSD_RESPONDENT_OFF };

#define NPSD_MAX_TOPICS 16
#define NPSD_MAX_WINDOWS 16
#define NPSD_MAX_PROPERTIES 64

struct npsd_window {
	char name[16];	  /* as configured: `1h` */
	int64_t width_s;  /* multiple of step_s, at most 3660 days */
	int64_t step_s;	  /* 60 up to 3 h, 300 up to 24 h, 3600 up to 31 d, else 86 400 */
	int64_t since_ms; /* panes that begin before are not read; a multiple of the step; 0: all are */
};

struct npsd_config {
/* STR: zero-terminated, never NULL; ENUM: int; BOOL: bool; INT, MS, BYTES: int64_t; NUM: double */
#define NPSD_CT_STR const char *
#define NPSD_CT_INT int64_t
#define NPSD_CT_MS int64_t
#define NPSD_CT_BYTES int64_t
#define NPSD_CT_NUM double
#define NPSD_CT_BOOL bool
#define NPSD_CT_ENUM int
#define X(name, field, type, def, least, most, counted, help) NPSD_CT_##type field;
#include "tbl/options.def"
#undef X
	/* lists and maps, which have no row */
	const char *topics[NPSD_MAX_TOPICS]; /* kafka.topics */
	int ntopics;
	uint8_t topic_kind[NPSD_MAX_TOPICS]; /* topic_defaults.TOPIC.survey_kind: enum npsd_kind, or these: */
#define NPSD_TOPIC_KIND_INHERITED 0
#define NPSD_TOPIC_KIND_NONE 255 /* none, whatever defaults.survey_kind is */
	struct {
		const char *name, *value;
	} properties[NPSD_MAX_PROPERTIES]; /* kafka.properties, handed to librdkafka as they are */
	int nproperties;
	struct npsd_window windows[NPSD_MAX_WINDOWS]; /* windows, widest last, no two alike */
	int nwindows;
	struct npsd_sets sets;	  /* segments; segment.h */
	uint32_t caps[NPSD_NDIM]; /* caps.DIM */
	uint32_t series_sets;	  /* series.segments: bit s for sets.set[s] */
	int64_t series_step_s[4]; /* series.steps; each is a window's, if there are sets */
	int nseries_steps;
	int64_t pane_s;		    /* finest step of the windows: what count counts in */
	uint32_t sets_given;	    /* numbers below it were given to sets once */
	struct npsd_config **older; /* those that were in force before, as npsd_config_of_text makes them */
	int nolder;
	char replaces[33]; /* hash of the one that was in force at start; empty: none was stored */
	char *text;	   /* canonical text of all that is counted; config_hash is made from it */
	char hash[33];	   /* 128 bits in hex, zero-terminated */
};

/* The survey kind of what creates in this topic and names none; NPSD_KIND_NONE: there is none. Thread: any */
static inline uint8_t npsd_config_kind(const struct npsd_config *cfg, int32_t topic)
{
	uint8_t own = cfg->topic_kind[topic];

	if (own == NPSD_TOPIC_KIND_INHERITED)
		return (uint8_t)cfg->default_kind;
	return own == NPSD_TOPIC_KIND_NONE ? NPSD_KIND_NONE : own;
}

/*
 * Reads FILE (NULL: only defaults) and then `sets`, each "key=value", of which the last one counts. Lists and
 * maps are YAML there too. Texts and properties of the form `env:NAME` or `file:PATH` are read from there. On
 * failure err->text is one line `FILE:LINE:COL: FIELD: what is wrong; accepted: ...` (`--set: FIELD: ...`).
 * Thread: main; Owns: the caller frees with npsd_config_free; Fails: NPSD_INVALID
 */
bool npsd_config_load(
    struct npsd_config **out, struct npsd_err *err, const char *file, const char *const *sets, int nsets);
void npsd_config_free(struct npsd_config **cfg);
/*
 * The first option, by name, in which two canonical texts differ; NULL where they are equal. Valid until the
 * next call. Thread: main
 */
const char *npsd_config_difference(const char *text_a, const char *text_b);
/* Says that `text` is not the stored one, in which option, and what to do about it. Always false. Thread: main */
bool npsd_config_refuse(struct npsd_err *err, const char *stored, const char *text);

/* Event clock and t when a configuration is applied; NPSD_TIME_NONE: nothing was counted. */
struct npsd_config_now {
	int64_t clock_ms, t_ms;
};
/*
 * Takes over what must go on from the stored text: numbers of sets and attributes, and since when sets and
 * windows are counted. What the text does not know gets numbers never given before and begins now. Makes text
 * and hash anew. Thread: main; Fails: NPSD_LIMIT where no number is left
 */
bool npsd_config_adopt(
    struct npsd_config *cfg, struct npsd_err *err, const char *stored, struct npsd_config_now now);
/* As npsd_config_adopt, but all sets and windows begin with the first record. Thread: main */
bool npsd_config_adopt_anew(struct npsd_config *cfg, struct npsd_err *err, const char *stored);
/* The first option in which two texts differ that only a rebuild can change; NULL: none. Thread: main */
const char *npsd_config_fixed_difference(const char *stored, const char *text);
/* The hash of a canonical text: 32 hex digits. Thread: any */
void npsd_config_hash_text(char out[33], const char *text);
/* What decoding looks at, of a stored text, with its hash; topics are numbered as in `present`. Thread: main;
 * Owns: the caller frees */
struct npsd_config *npsd_config_of_text(
    const char *text, const char *hash, const struct npsd_config *present);
/* Place in older; -1: not there. Thread: any */
int npsd_config_older(const struct npsd_config *cfg, struct npsd_str hash);
/* Whether the hash is of this configuration or one before it. Thread: any */
bool npsd_config_knows(const struct npsd_config *cfg, struct npsd_str hash);

/* docs/options.md (markdown) and --help are this text. Thread: main; Owns: the caller frees */
char *npsd_config_manual(bool markdown);

#endif
