/*
 * Inside of config. Whatever its source, an option arrives as a setting (a name, a place, a value); defaults
 * are settings too, read first, and the last one of a name counts. Thread: main, all of it.
 */
#ifndef NPSD_CONFIG_INTERNAL_H
#define NPSD_CONFIG_INTERNAL_H

#include "base/buf.h"
#include "npsd/config.h"

enum npsd_option_type {
	NPSD_OPTION_STR,
	NPSD_OPTION_INT,
	NPSD_OPTION_MS,
	NPSD_OPTION_BYTES,
	NPSD_OPTION_NUM,
	NPSD_OPTION_BOOL,
	NPSD_OPTION_ENUM,
};

/* A row of options.def. */
struct npsd_option {
	const char *name;
	enum npsd_option_type type;
	size_t offset; /* in struct npsd_config */
	const char *def;
	double least, most; /* STR: of its length */
	const char *words;  /* ENUM: `a|b|c` */
	bool counted;
	const char *help;
};

/* A row of lists.def. */
struct npsd_list_option {
	const char *name, *def;
	bool counted;
	const char *help;
};

extern const struct npsd_option npsd_options[];
extern const int npsd_noptions;
extern const struct npsd_list_option npsd_list_options[];
extern const int npsd_nlist_options;
extern const struct npsd_option npsd_option_cap; /* type and bounds of each caps.DIM */
extern const uint32_t npsd_cap_default[NPSD_NDIM];

/* line 0: the source has no lines */
struct npsd_place {
	const char *source;
	int line, col;
};

/* A scalar (text), or a list of values (text == NULL). */
struct npsd_value {
	struct npsd_place at;
	char *text;
	struct npsd_value *item;
	int nitems;
};

struct npsd_setting {
	char *name; /* dotted */
	struct npsd_place at;
	bool empty_map;
	struct npsd_value value;
};

struct npsd_settings {
	struct npsd_setting *list;
	int n, cap;
	int nvalues; /* of all lists, so that aliases of aliases stay bounded */
};

/* settings.c: all of these own what they hold. False: err is set. */
bool npsd_settings_read_file(struct npsd_settings *s, struct npsd_err *err, const char *file);
/* source: `--set` or `default`; assignment: `NAME=VALUE` */
bool npsd_settings_read_text(
    struct npsd_settings *s, struct npsd_err *err, const char *source, const char *assignment);
/* The one that counts, or NULL. */
const struct npsd_setting *npsd_settings_find(const struct npsd_settings *s, const char *name);
void npsd_settings_free(struct npsd_settings *s);
/* `SOURCE:LINE:COL: FIELD: TEXT` in err. Always false. */
bool npsd_config_fail(struct npsd_err *err, struct npsd_place at, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* options.c: the tables, and what is known by which name */
const struct npsd_option *npsd_option_find(const char *name);
/* Refuses unknown options and groups that were given a value. */
bool npsd_config_check_names(const struct npsd_settings *s, struct npsd_err *err);

/* value.c: one scalar. `to` is the field of the option's type; a STR is the caller's to free. */
bool npsd_value_read(void *to, struct npsd_err *err, const struct npsd_option *o, const char *field,
    const struct npsd_value *v);
/* A duration in ms; false where the text is none. */
bool npsd_value_duration(double *out_ms, const char *text);
/* The text that v stands for: its own, or that of `env:NAME` or `file:PATH`; the caller frees. NULL: err is
 * set. */
char *npsd_value_secret(struct npsd_err *err, const char *field, const struct npsd_value *v);
/* `an integer from 0 to 64` */
void npsd_value_accepted(struct npsd_buf *out, const struct npsd_option *o);
/* The text of v for an error: one line, of limited length. */
struct npsd_shown {
	char text[48];
};
struct npsd_shown npsd_value_show(const char *text);

/* lists.c: each reads its option into cfg */
bool npsd_config_is_topic(const char *text);
bool npsd_config_read_topics(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s);
bool npsd_config_read_topic_defaults(
    struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s);
bool npsd_config_read_properties(
    struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s);
/* A window by its name. False: it is none. */
bool npsd_config_window(struct npsd_window *to, const char *name);
bool npsd_config_read_windows(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s);
/* segments.c */
bool npsd_config_read_segments(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s);
bool npsd_config_read_caps(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s);

/* series.c: after segments and windows */
bool npsd_config_read_series(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s);

/* text.c: sets cfg->text and cfg->hash */
void npsd_config_make_text(struct npsd_config *cfg);

#endif
