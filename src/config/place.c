#include "config/values.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void replace_control_characters(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

bool npsd_place_fail(struct npsd_err *err, struct npsd_place at, const char *field, const char *fmt, ...)
{
	char what[sizeof err->text], where[24] = "", line[2 * sizeof err->text];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (at.line)
		snprintf(where, sizeof where, ":%d:%d", at.line, at.col);
	snprintf(line, sizeof line, "%s%s: %s%s%s", at.source, where, field, *field ? ": " : "", what);
	replace_control_characters(line);
	return npsd_fail(err, NPSD_INVALID, 0, "%s", line);
}

struct npsd_quote npsd_quote(const char *text)
{
	struct npsd_quote quote;
	size_t n, most = sizeof quote.text - 4;

	if (!text)
		text = "[...]";
	n = strlen(text);
	if (n > most) {
		for (n = most; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
			; /* do not cut a UTF-8 character */
		snprintf(quote.text, sizeof quote.text, "%.*s...", (int)n, text);
	} else {
		snprintf(quote.text, sizeof quote.text, "%s", text);
	}
	replace_control_characters(quote.text);
	return quote;
}

bool npsd_place_read_file(struct npsd_str *out, struct npsd_err *err, struct npsd_place at, const char *field,
    const char *label, const char *path, uint32_t most)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc((size_t)most + 1);
	char what[80] = "";

	npsd_assert(text);
	out->p = text;
	out->n = f ? (uint32_t)fread(text, 1, (size_t)most + 1, f) : 0;
	if (!f || ferror(f))
		snprintf(what, sizeof what, "%s", strerror(errno));
	else if (out->n > most)
		snprintf(what, sizeof what, "longer than %u bytes", most);
	if (f)
		fclose(f);
	if (!*what)
		return true;
	free(text);
	return npsd_place_fail(err, at, field, "%s%s", label, what);
}
