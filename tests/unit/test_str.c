/* Control characters in bytes. */
#include <criterion/criterion.h>

#include "base/str.h"

Test(str, control_characters)
{
	static const struct {
		struct npsd_str s;
		uint32_t n;
	} rows[] = {
	    {{"a", 1}, 0},
	    {{"\0", 1}, 1},
	    {{"\x1b[", 2}, 1},
	    {{"\x1f", 1}, 1},
	    {{" ", 1}, 0},
	    {{"~", 1}, 0},
	    {{"\x7f", 1}, 1},
	    {{"\xc2\x80", 2}, 2},
	    {{"\xc2\x9b", 2}, 2},
	    {{"\xc2\x9f", 2}, 2},
	    {{"\xc2\xa0", 2}, 0},
	    {{"\xc3\x9b", 2}, 0},
	    {{"\xc2\x9b", 1}, 0}, /* cut within a character: no byte after it is read */
	    {{"\xc2[", 2}, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_expect_eq(npsd_str_control(rows[i].s), rows[i].n, "row %zu", i);
}
