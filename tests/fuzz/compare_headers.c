#include "compare_headers.h"

static struct npsd_str read_value(const char **p, size_t *n)
{
	size_t len = *n ? (uint8_t) * *p : 0;
	struct npsd_str s;

	*p += *n > 0;
	*n -= *n > 0;
	len = len < *n ? len : *n;
	s = (struct npsd_str){*p, (uint32_t)len};
	*p += len;
	*n -= len;
	return s;
}

enum npsd_reason compare_headers(struct readers *r, const char *p, size_t n)
{
	struct npsd_headers headers = {0};
	uint8_t which = n ? (uint8_t)*p : 0;
	enum npsd_reason reason;

	p += n > 0;
	n -= n > 0;
	for (int i = 0; i < NPSD_NHEADER; i++)
		if (which >> i & 1)
			headers.value[i] = read_value(&p, &n);
	r->headers = &headers;
	reason = compare_decode(r, p, n);
	r->headers = NULL;
	return reason;
}
