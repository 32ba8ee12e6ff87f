#include "config/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SECRET_MAX 65536

struct unit {
	const char *name;
	double size;
};

/* Ascending; what is shown takes the largest that divides. */
static const struct unit durations[] = {
    {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}, {NULL, 0}};
static const struct unit sizes[] = {
    {"", 1}, {"KB", 1024}, {"MB", 1048576}, {"GB", 1073741824}, {"TB", 1099511627776}, {NULL, 0}};

struct npsd_shown npsd_value_show(const char *text)
{
	struct npsd_shown shown;
	size_t n = strlen(text), most = sizeof shown.text - 4;

	if (n > most) {
		for (n = most; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
			; /* not within a character */
		snprintf(shown.text, sizeof shown.text, "%.*s...", (int)n, text);
	} else {
		snprintf(shown.text, sizeof shown.text, "%s", text);
	}
	for (char *c = shown.text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return shown;
}

/* Digits (and a fraction, where allowed) at the front of *text, which is moved behind them. */
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

/* `64MB`: an integer and one of the units, to the end of the text. */
static bool read_united(double *out, const char *text, const struct unit *units)
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
	return read_united(out_ms, text, durations);
}

static void show_united(struct npsd_buf *out, double value, const struct unit *units)
{
	const struct unit *best = units;

	for (; units->name; units++)
		if (value >= units->size && value / units->size == (double)(int64_t)(value / units->size))
			best = units;
	npsd_buf_addf(out, "%" PRId64 "%s", (int64_t)(value / best->size), best->name);
}

void npsd_value_accepted(struct npsd_buf *out, const struct npsd_option *o)
{
	switch (o->type) {
	case NPSD_OPTION_STR:
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
		show_united(out, o->least, o->type == NPSD_OPTION_MS ? durations : sizes);
		npsd_buf_addz(out, " to ");
		show_united(out, o->most, o->type == NPSD_OPTION_MS ? durations : sizes);
		break;
	}
}

/* WHAT is wrong with v, and what o accepts. A STR may be a secret and is not shown. */
static bool refuse(struct npsd_err *err, const struct npsd_option *o, const char *field,
    const struct npsd_value *v, const char *what)
{
	bool show = v->text && o->type != NPSD_OPTION_STR;
	struct npsd_shown shown = npsd_value_show(show ? v->text : "");
	struct npsd_buf accepted;

	npsd_buf_init(&accepted, 256);
	npsd_value_accepted(&accepted, o);
	npsd_config_fail(err, v->at, field, "%s%s%s%s; accepted: %.*s", show ? "`" : "", shown.text,
	    show ? "` is " : "", what, (int)accepted.n, accepted.p);
	npsd_buf_free(&accepted);
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
	static const char *const words[] = {"false", "true", "off", "on", "no", "yes"};

	for (int i = 0; i < 6; i++)
		if (strcmp(text, words[i]) == 0) {
			*to = i % 2;
			return true;
		}
	return false;
}

/* What is wrong with the text of a number, or NULL. */
static const char *read_scalar(double *value, const struct npsd_option *o, const char *text)
{
	bool ok;

	if (o->type == NPSD_OPTION_MS)
		ok = read_united(value, text, durations);
	else if (o->type == NPSD_OPTION_BYTES)
		ok = read_united(value, text, sizes);
	else
		ok = read_number(value, &text, o->type == NPSD_OPTION_NUM) && !*text;
	if (!ok)
		return o->type == NPSD_OPTION_MS      ? "no duration"
		       : o->type == NPSD_OPTION_BYTES ? "no size"
						      : "no number";
	return *value < o->least || *value > o->most ? "out of range" : NULL;
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
		what = n ? "too short" : "empty";
	else if ((double)n > o->most)
		what = "too long";
	for (size_t i = 0; i < n && !what; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			what = "it holds a control character";
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
	const char *what;
	double value;

	if (!v->text)
		return refuse(err, o, field, v, "a list");
	switch (o->type) {
	case NPSD_OPTION_STR:
		return read_str(to, err, o, field, v);
	case NPSD_OPTION_ENUM:
		return read_word(to, o->words, v->text) || refuse(err, o, field, v, "no such word");
	case NPSD_OPTION_BOOL:
		return read_bool(to, v->text) || refuse(err, o, field, v, "neither");
	default:
		what = read_scalar(&value, o, v->text);
		if (what)
			return refuse(err, o, field, v, what);
		if (o->type == NPSD_OPTION_NUM)
			*(double *)to = value;
		else
			*(int64_t *)to = (int64_t)value;
		return true;
	}
}

/* What is wrong with the file, or NULL; then text[0..*n) is its bytes without the last line break. */
static const char *read_small_file(char text[SECRET_MAX + 1], size_t *n, const char *path)
{
	FILE *f = fopen(path, "rb");
	bool failed;

	if (!f)
		return strerror(errno);
	*n = fread(text, 1, SECRET_MAX + 1, f);
	failed = ferror(f);
	fclose(f);
	if (failed)
		return "cannot be read";
	if (*n > SECRET_MAX)
		return "longer than 64 KB";
	if (*n > 0 && text[*n - 1] == '\n')
		--*n;
	if (*n > 0 && text[*n - 1] == '\r')
		--*n;
	return memchr(text, 0, *n) ? "holds a zero byte" : NULL;
}

static char *read_secret_file(
    struct npsd_err *err, const char *field, const struct npsd_value *v, const char *path)
{
	char *text = malloc(SECRET_MAX + 1);
	size_t n = 0;
	const char *what;

	npsd_assert(text);
	what = read_small_file(text, &n, path);
	if (what) {
		npsd_config_fail(err, v->at, field, "the file `%s`: %s", npsd_value_show(path).text, what);
		free(text);
		return NULL;
	}
	text[n] = 0;
	return text;
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
			npsd_config_fail(err, v->at, field, "the environment has no %s",
			    npsd_value_show(v->text + 4).text);
			return NULL;
		}
	}
	copy = strdup(text);
	npsd_assert(copy);
	return copy;
}
