#include "config/values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_MAX 65536

struct unit {
	const char *name;
	double size;
};

/* Ascending. A value is shown in the largest unit that divides it. */
static const struct unit durations[] = {
    {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}, {NULL, 0}};
static const struct unit sizes[] = {
    {"", 1}, {"KB", 1024}, {"MB", 1048576}, {"GB", 1073741824}, {"TB", 1099511627776}, {NULL, 0}};

const struct npsd_value *npsd_value_items(int *n, const struct npsd_value *v)
{
	*n = v->text ? 1 : v->nitems;
	return v->text ? v : v->item;
}

/* Reads digits, and a fraction where it is allowed, and moves *text to the byte after them. */
static bool read_number(double *out, const char **text, bool fraction)
{
	size_t whole = strspn(*text, "0123456789"), n = whole;

	if (fraction && whole && (*text)[n] == '.') {
		size_t part = strspn(*text + n + 1, "0123456789");

		if (!part)
			return false;
		n += 1 + part;
	}
	if (!whole || n > 18)
		return false;
	*out = strtod(*text, NULL);
	*text += n;
	return true;
}

/* `64MB`: an integer and one of the units, and nothing after it. */
static bool read_with_unit(double *out, const char *text, const struct unit *units)
{
	if (!read_number(out, &text, false))
		return false;
	for (; units->name; units++)
		if (strcmp(text, units->name) == 0) {
			*out *= units->size;
			return true;
		}
	return false;
}

bool npsd_value_duration(double *out_ms, const char *text)
{
	return read_with_unit(out_ms, text, durations);
}

static void add_with_unit(struct npsd_buf *out, double value, const struct unit *units)
{
	const struct unit *best = units;

	for (; units->name; units++)
		if (value >= units->size && value / units->size == (double)(int64_t)(value / units->size))
			best = units;
	npsd_buf_addf(out, "%" PRId64 "%s", (int64_t)(value / best->size), best->name);
}

void npsd_value_add_duration(struct npsd_buf *out, double ms)
{
	add_with_unit(out, ms, durations);
}

void npsd_value_add_accepted(struct npsd_buf *out, const struct npsd_option *o)
{
	switch (o->type) {
	case NPSD_OPTION_STR:
	case NPSD_OPTION_SECRET:
		npsd_buf_addf(out, "text of %.0f to %.0f bytes", o->least, o->most);
		break;
	case NPSD_OPTION_INT:
		npsd_buf_addf(out, "an integer from %.0f to %.0f", o->least, o->most);
		break;
	case NPSD_OPTION_NUM:
		npsd_buf_addf(out, "a number from %g to %g", o->least, o->most);
		break;
	case NPSD_OPTION_BOOL:
		npsd_buf_addz(out, "true or false");
		break;
	case NPSD_OPTION_ENUM:
		for (const char *c = o->words; *c; c++)
			npsd_buf_add(out, *c == '|' ? ", " : c, *c == '|' ? 2 : 1);
		break;
	case NPSD_OPTION_MS:
	case NPSD_OPTION_BYTES:
		npsd_buf_addz(out, o->type == NPSD_OPTION_MS ? "a duration (ms s m h d) from "
							     : "a size (KB MB GB TB) from ");
		add_with_unit(out, o->least, o->type == NPSD_OPTION_MS ? durations : sizes);
		npsd_buf_addz(out, " to ");
		add_with_unit(out, o->most, o->type == NPSD_OPTION_MS ? durations : sizes);
		break;
	case NPSD_OPTION_LIST:
	case NPSD_OPTION_MAP:
		npsd_buf_addz(out, o->type == NPSD_OPTION_LIST ? "a list" : "a map");
		break;
	}
}

/* Fails with what is wrong with v and what o accepts. A text may be a secret and is not quoted. */
static bool refuse(struct npsd_err *err, const struct npsd_option *o, const char *field,
    const struct npsd_value *v, const char *what)
{
	bool quoted = v->text && o->type != NPSD_OPTION_STR && o->type != NPSD_OPTION_SECRET;
	struct npsd_buf b;

	npsd_buf_init(&b, 256);
	if (quoted)
		npsd_buf_addf(&b, "`%s` ", npsd_quote(v->text).text);
	npsd_buf_addf(&b, "%s; accepted: ", what);
	npsd_value_add_accepted(&b, o);
	npsd_place_fail(err, v->at, field, "%.*s", (int)b.n, b.p);
	npsd_buf_free(&b);
	return false;
}

static bool read_word(int *to, const char *words, const char *text)
{
	size_t n = strlen(text);

	for (int i = 0; *words; i++) {
		size_t m = strcspn(words, "|");

		if (m == n && memcmp(words, text, n) == 0) {
			*to = i;
			return true;
		}
		words += m + (words[m] == '|');
	}
	return false;
}

static bool read_bool(bool *to, const char *text)
{
	int word;

	if (!read_word(&word, "false|true|off|on|no|yes", text))
		return false;
	*to = word % 2;
	return true;
}

static bool read_number_option(void *to, struct npsd_err *err, const struct npsd_option *o, const char *field,
    const struct npsd_value *v)
{
	const char *text = v->text, *what = "is not a number";
	double value;
	bool ok;

	if (o->type == NPSD_OPTION_MS || o->type == NPSD_OPTION_BYTES) {
		what = o->type == NPSD_OPTION_MS ? "is not a duration" : "is not a size";
		ok = read_with_unit(&value, text, o->type == NPSD_OPTION_MS ? durations : sizes);
	} else {
		ok = read_number(&value, &text, o->type == NPSD_OPTION_NUM) && !*text;
	}
	if (!ok)
		return refuse(err, o, field, v, what);
	if (value < o->least || value > o->most)
		return refuse(err, o, field, v, "is out of range");
	if (o->type == NPSD_OPTION_NUM)
		*(double *)to = value;
	else
		*(int64_t *)to = (int64_t)value;
	return true;
}

static bool read_str(const char **to, struct npsd_err *err, const struct npsd_option *o, const char *field,
    const struct npsd_value *v)
{
	char *text = npsd_value_secret(err, field, v);
	size_t n = text ? strlen(text) : 0;
	const char *what = NULL;

	if (!text)
		return false;
	if ((double)n < o->least)
		what = n ? "is too short" : "is empty";
	else if ((double)n > o->most)
		what = "is too long";
	for (size_t i = 0; i < n && !what; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			what = "contains a control character";
	if (what) {
		free(text);
		return refuse(err, o, field, v, what);
	}
	*to = text;
	return true;
}

bool npsd_value_read(void *to, struct npsd_err *err, const struct npsd_option *o, const char *field,
    const struct npsd_value *v)
{
	if (!v->text)
		return refuse(err, o, field, v, "is a list");
	switch (o->type) {
	case NPSD_OPTION_STR:
	case NPSD_OPTION_SECRET:
		return read_str(to, err, o, field, v);
	case NPSD_OPTION_ENUM:
		return read_word(to, o->words, v->text) || refuse(err, o, field, v, "is unknown");
	case NPSD_OPTION_BOOL:
		return read_bool(to, v->text) || refuse(err, o, field, v, "is not a boolean");
	case NPSD_OPTION_INT:
	case NPSD_OPTION_MS:
	case NPSD_OPTION_BYTES:
	case NPSD_OPTION_NUM:
		return read_number_option(to, err, o, field, v);
	case NPSD_OPTION_LIST:
	case NPSD_OPTION_MAP:
		break; /* npsd_config_read_READER() reads it */
	}
	npsd_assert(false);
	return false;
}

/* The bytes of the file, without the line break at its end. */
static char *read_secret_file(
    struct npsd_err *err, const char *field, const struct npsd_value *v, const char *path)
{
	struct npsd_str text;
	char label[64];

	snprintf(label, sizeof label, "file `%s`: ", npsd_quote(path).text);
	if (!npsd_place_read_file(&text, err, v->at, field, label, path, SECRET_MAX))
		return NULL;
	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n > 0 && text.p[text.n - 1] == '\r')
		text.n--;
	((char *)text.p)[text.n] = 0;
	if (strlen(text.p) == text.n)
		return (char *)text.p;
	npsd_place_fail(err, v->at, field, "%scontains a zero byte", label);
	free((char *)text.p);
	return NULL;
}

char *npsd_value_secret(struct npsd_err *err, const char *field, const struct npsd_value *v)
{
	const char *text = v->text;
	char *copy;

	if (strncmp(text, "file:", 5) == 0)
		return read_secret_file(err, field, v, text + 5);
	if (strncmp(text, "env:", 4) == 0) {
		text = getenv(text + 4);
		if (!text) {
			npsd_place_fail(err, v->at, field, "the environment variable %s is not set",
			    npsd_quote(v->text + 4).text);
			return NULL;
		}
	}
	copy = strdup(text);
	npsd_assert(copy);
	return copy;
}
