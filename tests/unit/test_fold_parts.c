/* The small parts of the fold: reading arrays of integers, positions, the table of chunks. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "base/unpack.h"
#include "fold/chunks.h"
#include "fold/source_positions.h"

Test(fold_parts, integers_of_every_width)
{
	static const struct {
		const char *bytes;
		size_t n;
		int64_t value;
		bool bad, bad_unsigned;
	} rows[] = {
	    {"\x00", 1, 0, false, false},
	    {"\x7f", 1, 127, false, false},
	    {"\xff", 1, -1, false, true},
	    {"\xe0", 1, -32, false, true},
	    {"\xcc\xff", 2, 255, false, false},
	    {"\xcd\xff\xfe", 3, 65534, false, false},
	    {"\xce\xff\xff\xff\xff", 5, 4294967295, false, false},
	    {"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MAX, false, false},
	    {"\xcf\x80\x00\x00\x00\x00\x00\x00\x00", 9, 0, true, false},
	    {"\xd0\x80", 2, -128, false, true},
	    {"\xd0\x7f", 2, 127, false, false},
	    {"\xd1\x80\x00", 3, -32768, false, true},
	    {"\xd2\x80\x00\x00\x00", 5, -2147483648, false, true},
	    {"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9, INT64_MIN, false, true},
	    {"", 0, 0, true, true},
	    {"\xcf\x00\x00\x00\x00\x00\x00\x00", 8, 0, true, true},
	    {"\xc0", 1, 0, true, true},
	    {"\xcb\x00\x00\x00\x00\x00\x00\x00\x00", 9, 0, true, true},
	    {"\xa1\x31", 2, 0, true, true},
	    {"\x90", 1, 0, true, true},
	    {"\xd4\x01\x01", 3, 0, true, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_unpack u = npsd_unpack_of(rows[i].bytes, rows[i].n);

		cr_expect_eq(npsd_unpack_int(&u), rows[i].value, "row %zu", i);
		cr_expect_eq(u.bad, rows[i].bad, "row %zu", i);
		cr_expect(u.bad || u.p == u.end, "row %zu", i);
		u = npsd_unpack_of(rows[i].bytes, rows[i].n);
		npsd_unpack_uint(&u);
		cr_expect_eq(u.bad, rows[i].bad_unsigned, "row %zu", i);
	}
}

Test(fold_parts, arrays_of_every_width)
{
	static const struct {
		const char *bytes;
		size_t n;
		uint32_t value;
		bool bad;
	} rows[] = {
	    {"\x90", 1, 0, false},
	    {"\x9f", 1, 15, false},
	    {"\xdc\x01\x02", 3, 258, false},
	    {"\xdd\x00\x01\x00\x00", 5, 65536, false},
	    {"\xdc\x01", 2, 0, true},
	    {"\x80", 1, 0, true},
	    {"\x05", 1, 0, true},
	    {"", 0, 0, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_unpack u = npsd_unpack_of(rows[i].bytes, rows[i].n);

		cr_expect_eq(npsd_unpack_array(&u), rows[i].value, "row %zu", i);
		cr_expect_eq(u.bad, rows[i].bad, "row %zu", i);
	}
}

Test(fold_parts, texts_of_every_width)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *text;
		bool bad;
	} rows[] = {
	    {"\xa0", 1, "", false},
	    {"\xa2xy", 3, "xy", false},
	    {"\xd9\x02xy", 4, "xy", false},
	    {"\xda\x00\x02xy", 5, "xy", false},
	    {"\xdb\x00\x00\x00\x02xy", 7, "xy", false},
	    {"\xa2x", 2, NULL, true},
	    {"\xdb\xff\xff\xff\xffxy", 7, NULL, true},
	    {"\xd9", 1, NULL, true},
	    {"\xc4\x02xy", 4, NULL, true}, /* bytes, not a text */
	    {"\x02xy", 3, NULL, true},
	    {"", 0, NULL, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_unpack u = npsd_unpack_of(rows[i].bytes, rows[i].n);
		struct npsd_str got = npsd_unpack_text(&u);

		cr_expect_eq(u.bad, rows[i].bad, "row %zu", i);
		cr_expect_eq(!got.p, !rows[i].text, "row %zu", i);
		cr_expect(!got.p || npsd_str_eq(got, npsd_str(rows[i].text)), "row %zu", i);
		cr_expect(u.bad || u.p == u.end, "row %zu", i);
	}
}

Test(fold_parts, positions_move_forward_only)
{
	static const struct {
		const char *batch, *after;
		bool ok;
	} rows[] = {
	    {"t/10 cccc 0:5", "t/10 0:5", true},
	    {"t/1 cccc 0:7;a/0 cccc 0:1", "a/0 0:1;t/1 0:7;t/10 0:5", true},
	    {"t/1 cccc 0:6", "a/0 0:1;t/1 0:7;t/10 0:5", true},
	    {"t/1 dddd 1:0", "a/0 0:1;t/1 1:0;t/10 0:5", true},
	    {"t/1 dddd 0:900", "a/0 0:1;t/1 1:0;t/10 0:5", true},
	    {"t/2 dddd 4294967295:9223372036854775807",
		"a/0 0:1;t/1 1:0;t/10 0:5;t/2 4294967295:9223372036854775807", true},
	    {"", "a/0 0:1;t/1 1:0;t/10 0:5;t/2 4294967295:9223372036854775807", true}, {"t/1", NULL, false},
	    {"t/1 dddd", NULL, false}, {"t/1 dddd 1", NULL, false}, {"t/1 dddd 1:", NULL, false},
	    {"t/1 dddd :1", NULL, false}, {"t/1 dddd -1:1", NULL, false}, {"t/1 dddd 1:1 ", NULL, false},
	    {"t/1 dddd 4294967296:1", NULL, false}, {"t/1 dddd 1:9223372036854775808", NULL, false},
	    {" dddd 1:1", NULL, false}, {"t/9 dddd 1:1;", NULL, false},
	    {"t/9 dddd 1:1;t/2 dddd", NULL, false},
	    {"", "a/0 0:1;t/1 1:0;t/10 0:5;t/2 4294967295:9223372036854775807",
		true}, /* no failed batch advanced anything */
	};
	struct npsd_source_positions p;

	npsd_source_positions_init(&p);
	cr_expect_str_eq(npsd_source_positions_text(&p), "");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cr_expect_eq(
		    npsd_source_positions_advance(&p, npsd_str(rows[i].batch)), rows[i].ok, "row %zu", i);
		if (rows[i].after)
			cr_expect_str_eq(npsd_source_positions_text(&p), rows[i].after, "row %zu", i);
	}
	cr_expect(npsd_source_positions_read(&p, NPSD_STR("b/0 2:3;c/0 0:0")), "what is stored replaces all");
	cr_expect_str_eq(npsd_source_positions_text(&p), "b/0 2:3;c/0 0:0");
	cr_expect_not(npsd_source_positions_read(&p, NPSD_STR("b/0 cccc 2:3")));
	npsd_source_positions_free(&p);
}

Test(fold_parts, chunks_are_found_marked_and_removed)
{
	struct npsd_chunks c = {0};
	uint32_t kept = 0, dirty = 0;

	for (int32_t i = 0; i < 3000; i++) {
		struct npsd_chunk_key key = {(uint32_t)i % 64, i % 4, i / 7 - 200};
		struct npsd_chunk *chunk = npsd_chunks_get(&c, key);

		chunk->number = (uint32_t)i + 1;
		chunk->named = i % 3 == 0;
		npsd_chunks_get(&c, key)->dirty = i % 5 == 0;
		kept += i % 3 == 0 || i % 5 == 0;
	}
	npsd_chunks_purge(&c);
	cr_expect_eq(c.n, kept);
	for (uint32_t i = 0; i < c.n; i++)
		dirty += c.at[i].dirty;
	cr_expect_eq(dirty, 600, "each once");
	for (int32_t i = 0; i < 3000; i++) {
		struct npsd_chunk_key key = {(uint32_t)i % 64, i % 4, i / 7 - 200};
		const struct npsd_chunk *chunk = npsd_chunks_get(&c, key);
		bool stays = i % 3 == 0 || i % 5 == 0;

		cr_assert_eq(chunk->number, stays ? (uint32_t)i + 1 : 0);
		cr_assert_eq(chunk->dirty, i % 5 == 0);
	}
	npsd_chunks_free(&c);
}
