/*
 * The configuration: the defaults of src/tbl/options.def and lists.def, overridden by a YAML file, overridden
 * by --set. main reads it once; after that it is constant and any thread may read it.
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
enum npsd_on_gap { NPSD_GAP_ASK, NPSD_GAP_CONTINUE, NPSD_GAP_HALT };
enum npsd_respondent { NPSD_RESPONDENT_PLAIN, NPSD_RESPONDENT_KEYED, NPSD_RESPONDENT_OFF };

#define NPSD_MAX_TOPICS 16
#define NPSD_MAX_WINDOWS 16
#define NPSD_MAX_PROPERTIES 64

/* The steps: widths of panes, in the order of steps.def. */
enum npsd_step {
#define X(name, step_s, widest_s) NPSD_STEP_##name,
#include "tbl/steps.def"
#undef X
	NPSD_MAX_STEPS
};

struct npsd_window {
	char name[16];	 /* as configured: `1h` */
	int64_t width_s; /* multiple of step_s */
	int64_t step_s;	 /* width of a pane, by steps.def */
	int64_t
	    since_ms; /* panes that begin before it are not read; a multiple of the step; 0: all are read */
};

struct npsd_config {
/* STR and SECRET are zero-terminated and never NULL. ENUM is the index of the word. */
#define NPSD_CT_STR const char *
#define NPSD_CT_SECRET const char *
#define NPSD_CT_INT int64_t
#define NPSD_CT_MS int64_t
#define NPSD_CT_BYTES int64_t
#define NPSD_CT_NUM double
#define NPSD_CT_BOOL bool
#define NPSD_CT_ENUM int
#define X(name, field, type, def, least, most, change, help) NPSD_CT_##type field;
#include "tbl/options.def"
#undef X
	/* the rows of lists.def */
	const char *topics[NPSD_MAX_TOPICS]; /* kafka.topics, sorted by bytes */
	int ntopics;
	uint8_t
	    topic_kind[NPSD_MAX_TOPICS]; /* topic_defaults.TOPIC.survey_kind: enum npsd_kind, or one of: */
#define NPSD_TOPIC_KIND_INHERITED 0	 /* defaults.survey_kind */
#define NPSD_TOPIC_KIND_NONE 255	 /* none, even if defaults.survey_kind is set */
	struct npsd_property {
		const char *name, *value;
		const char *place,
		    *value_place; /* where they are written, as an error begins: `FILE:LINE:COL: OPTION` */
		bool secret;	  /* the value is not shown */
	} properties[NPSD_MAX_PROPERTIES]; /* kafka.properties */
	int nproperties;
	struct npsd_window windows[NPSD_MAX_WINDOWS]; /* ascending and different widths */
	int nwindows;
	struct npsd_sets sets;	  /* segments */
	uint32_t caps[NPSD_NDIM]; /* caps.DIMENSION */
	uint32_t series_sets;	  /* series.segments: bit s for sets.set[s] */
	int64_t
	    series_step_s[NPSD_MAX_STEPS]; /* series.steps; if series_sets, each is the step of a window */
	int nseries_steps;
	/* derived */
	int64_t pane_s;	     /* finest step of the windows; events are counted in panes of this width */
	uint32_t sets_given; /* numbers below it were assigned to sets, which may be gone */
	struct npsd_config **older; /* configurations that were in force before, by npsd_config_of_text() */
	int nolder;
	char replaces[33]; /* hash of the configuration that was in force at start; empty: none was stored */
	char *text;	   /* canonical text: all options that change what is counted */
	char hash[33];	   /* of the text: 128 bits in hex, zero-terminated */
};

/* The survey kind of events of this topic that name none; NPSD_KIND_NONE: they have none. Thread: any */
static inline uint8_t npsd_config_kind(const struct npsd_config *cfg, int32_t topic)
{
	uint8_t own = cfg->topic_kind[topic];

	if (own == NPSD_TOPIC_KIND_INHERITED)
		return (uint8_t)cfg->default_kind;
	return own == NPSD_TOPIC_KIND_NONE ? NPSD_KIND_NONE : own;
}

/*
 * Reads FILE (NULL: only defaults), then `sets`, each "NAME=VALUE"; the last value of an option applies.
 * Lists and maps are YAML in `sets`, too. Texts and properties of the form `env:NAME` or `file:PATH` are read
 * from there. On failure err->text is one line: `FILE:LINE:COL: OPTION: what is wrong; accepted: ...`, or
 * `--set: OPTION: ...`.
 * Thread: main; Owns: the caller frees with npsd_config_free(); Fails: NPSD_INVALID
 */
bool npsd_config_load(
    struct npsd_config **out, struct npsd_err *err, const char *file, const char *const *sets, int nsets);
void npsd_config_free(struct npsd_config **cfg);
/*
 * The first option, by name, in which two canonical texts differ; NULL: they are equal. Valid until the next
 * call. Thread: main
 */
const char *npsd_config_difference(const char *text_a, const char *text_b);
/*
 * Sets err: the stored text differs from that of cfg, in which option, and which of --apply-config and
 * --rebuild is needed; another group or topic is named. Always returns false. Thread: main; Fails:
 * NPSD_INVALID
 */
bool npsd_config_refuse(struct npsd_err *err, const struct npsd_config *cfg, const char *stored);
/* The keys belong to another group. Thread: main */
bool npsd_config_is_of_other_group(const struct npsd_config *cfg, const char *stored);
/* The stored text is from a version that did not store group and topics, and equals the text of cfg without
 * them. Thread: main */
bool npsd_config_lacks_owner(const struct npsd_config *cfg, const char *stored);

/* Event clock and t when a configuration is applied; NPSD_TIME_NONE: nothing was counted. */
struct npsd_config_now {
	int64_t clock_ms, t_ms;
};
/*
 * Continues the stored text: sets and attributes keep their numbers, sets and windows keep the time since
 * which they are counted. New ones get numbers that were never assigned, and begin now. Makes cfg->text and
 * cfg->hash again. Thread: main; Fails: NPSD_LIMIT if no number is left
 */
bool npsd_config_adopt(
    struct npsd_config *cfg, struct npsd_err *err, const char *stored, struct npsd_config_now now);
/* npsd_config_adopt(), but all sets and windows begin with the first record. Thread: main */
bool npsd_config_adopt_anew(struct npsd_config *cfg, struct npsd_err *err, const char *stored);
/* The first option in which two texts differ and that only a rebuild can change; NULL: none. Valid until the
 * next call. Thread: main */
const char *npsd_config_fixed_difference(const char *stored, const char *text);
/* The hash of a canonical text: 32 hex digits. Thread: any */
void npsd_config_hash_text(char out[33], const char *text);
/*
 * The configuration of a stored text: what decoding needs, and sets, attributes and windows with their
 * numbers and times. Topics have the indexes of `present`. Thread: main; Owns: the caller frees
 */
struct npsd_config *npsd_config_of_text(
    const char *text, const char *hash, const struct npsd_config *present);
/* The index in cfg->older; -1: it is not there. Thread: any */
int npsd_config_older(const struct npsd_config *cfg, struct npsd_str hash);
/* The hash is that of cfg or of an older configuration. Thread: any */
bool npsd_config_knows(const struct npsd_config *cfg, struct npsd_str hash);

/* The options, for --help. Thread: main; Owns: the caller frees */
char *npsd_config_help(void);

#endif
