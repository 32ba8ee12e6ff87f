#include "count/json_text.h"

/* The letter of a short escape, 'u' for \u00XX, 0 for none. */
static char escape_of(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return c < 0x20 ? 'u' : 0;
	}
}

void npsd_json_text(struct npsd_buf *out, struct npsd_str text)
{
	uint32_t from = 0;

	npsd_buf_add(out, "\"", 1);
	for (uint32_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		char e = escape_of(c);

		if (!e)
			continue;
		npsd_buf_add(out, text.p + from, i - from);
		if (e == 'u')
			npsd_buf_addf(out, "\\u%04x", c);
		else
			npsd_buf_add(out, (char[]){'\\', e}, 2);
		from = i + 1;
	}
	npsd_buf_add(out, text.p + from, text.n - from);
	npsd_buf_add(out, "\"", 1);
}

void npsd_json_name(struct npsd_buf *out, const char *name)
{
	if (out->n && out->p[out->n - 1] != '{')
		npsd_buf_add(out, ",", 1);
	npsd_buf_addz(out, "\"");
	npsd_buf_addz(out, name);
	npsd_buf_addz(out, "\":");
}
