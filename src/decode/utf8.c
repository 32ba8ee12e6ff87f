#include "decode/utf8.h"

/*
 *   first byte   00-7F   C2-DF   E0      E1-EC   ED      EE-EF   F0      F1-F3   F4
 *   length       1       2       3       3       3       3       4       4       4
 *   second byte  -       80-BF   A0-BF   80-BF   80-9F   80-BF   90-BF   80-BF   80-8F
 *
 * Length of the sequence at p, or 0 if it is not valid.
 */
static uint32_t sequence(const uint8_t *p, uint32_t left)
{
	uint8_t c = p[0], least = 0x80, most = 0xbf;
	uint32_t len;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (c == 0xe0)
		least = 0xa0;
	else if (c == 0xed)
		most = 0x9f;
	else if (c == 0xf0)
		least = 0x90;
	else if (c == 0xf4)
		most = 0x8f;
	if (left < len || p[1] < least || p[1] > most)
		return 0;
	for (uint32_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool npsd_utf8_check(uint32_t *bad, const char *p, uint32_t n)
{
	for (uint32_t i = 0, len; i < n; i += len) {
		len = sequence((const uint8_t *)p + i, n - i);
		if (len == 0) {
			*bad = i;
			return false;
		}
	}
	return true;
}

uint32_t npsd_utf8_cut(const char *p, uint32_t n, uint32_t most)
{
	if (n <= most)
		return n;
	while (most > 0 && ((uint8_t)p[most] & 0xc0) == 0x80)
		most--;
	return most;
}

uint32_t npsd_utf8_put(char out[4], uint32_t code)
{
	static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
	uint32_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (uint32_t i = len - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(first[len] | code);
	return len;
}
