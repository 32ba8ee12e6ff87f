#include <criterion/criterion.h>

#include <stdio.h>

#include "help_names.h"
#include "npsd/segment.h"

static const struct npsd_sets sets = {
    .set = {{.number = 0, .name = "all"},
	{.number = 3, .ndims = 1, .dims = {NPSD_DIM_location}, .name = "location"},
	{.number = 1, .ndims = 2, .dims = {NPSD_DIM_location, NPSD_DIM_channel}, .name = "location,channel"},
	{.number = 9,
	    .ndims = 4,
	    .dims = {NPSD_DIM_ATTR0, NPSD_DIM_theme, NPSD_DIM_channel, NPSD_DIM_team},
	    .name = "attributes.plan,theme,channel,team"}},
    .n = 4,
    .attr = {"plan"},
    .attr_word = {"attributes.plan"},
    .nattr = 1,
};

/* ids: 2 north, 3 north/lisbon, 4 e=mail, 5 gold, 6 "slow service", 7 北 */
static struct npsd_names *make_names(void)
{
	struct npsd_names *n = help_names_new(&sets, 3);

	help_admit(n, &sets, NPSD_DIM_location, "north");
	help_admit(n, &sets, NPSD_DIM_location, "north/lisbon");
	help_admit(n, &sets, NPSD_DIM_channel, "e=mail");
	help_admit(n, &sets, NPSD_DIM_ATTR0, "gold");
	help_admit(n, &sets, NPSD_DIM_theme, "slow service");
	help_admit(n, &sets, NPSD_DIM_team, "北");
	return n;
}

Test(segment, every_byte_is_written_as_the_contract_says)
{
	for (int c = 0; c < 256; c++) {
		char byte = (char)c, expect[4];
		bool coded = c < 0x20 || c == 0x7f || (c && strchr("%,={}:", c));
		struct npsd_buf b, back;

		npsd_buf_init(&b, 16);
		npsd_buf_init(&back, 16);
		if (coded)
			snprintf(expect, sizeof expect, "%%%02X", c);
		else
			snprintf(expect, sizeof expect, "%c", c);
		npsd_name_encode(&b, (struct npsd_str){&byte, 1});
		cr_expect(npsd_str_eq(npsd_buf_str(&b), npsd_str(expect)), "byte %02x", c);
		cr_expect(npsd_name_decode(&back, npsd_buf_str(&b)));
		cr_expect(npsd_str_eq(npsd_buf_str(&back), (struct npsd_str){&byte, 1}), "byte %02x back", c);
		npsd_buf_free(&b);
		npsd_buf_free(&back);
	}
}

Test(segment, values_are_written)
{
	static const struct {
		const char *raw, *written;
	} rows[] = {
	    {"", ""},
	    {"north/lisbon", "north/lisbon"},
	    {"São Paulo centro", "São Paulo centro"},
	    {"100%", "100%25"},
	    {"a,b={c}:d", "a%2Cb%3D%7Bc%7D%3Ad"},
	    {"tab\tnewline\n", "tab%09newline%0A"},
	    {"\x7f", "%7F"},
	    {"東京", "東京"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_buf b, back;

		npsd_buf_init(&b, 256);
		npsd_buf_init(&back, 256);
		npsd_name_encode(&b, npsd_str(rows[i].raw));
		cr_expect(npsd_str_eq(npsd_buf_str(&b), npsd_str(rows[i].written)), "%s", rows[i].raw);
		cr_expect(npsd_name_decode(&back, npsd_buf_str(&b)));
		cr_expect(npsd_str_eq(npsd_buf_str(&back), npsd_str(rows[i].raw)), "%s", rows[i].raw);
		npsd_buf_free(&b);
		npsd_buf_free(&back);
	}
}

Test(segment, what_is_no_written_form_is_refused)
{
	static const char *const rows[] = {
	    "%", "%2", "%2c", "%2G", "%41", "%20", "%C3", "a=b", "a,b", "a:b", "{", "}", "\n"};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_buf b;

		npsd_buf_init(&b, 256);
		cr_expect_not(npsd_name_decode(&b, npsd_str(rows[i])), "%s", rows[i]);
		cr_expect_eq(b.n, 0);
		npsd_buf_free(&b);
	}
}

static const struct {
	uint32_t set, kind, id[4];
	const char *name;
} names_rows[] = {
    {0, NPSD_KIND_NONE, {0}, "all"},
    {0, NPSD_KIND_TRANSACTIONAL, {0}, "kind=transactional"},
    {0, NPSD_KIND_OTHER, {0}, "kind=other"},
    {3, NPSD_KIND_NONE, {3}, "location=north/lisbon"},
    {3, NPSD_KIND_RELATIONAL, {2}, "kind=relational,location=north"},
    {1, NPSD_KIND_TRANSACTIONAL, {3, 4}, "kind=transactional,location=north/lisbon,channel=e%3Dmail"},
    {1, NPSD_KIND_TRANSACTIONAL, {0, 1}, "kind=transactional,location=__none__,channel=__other__"},
    {9, NPSD_KIND_NONE, {5, 6, 4, 7}, "attributes.plan=gold,theme=slow service,channel=e%3Dmail,team=北"},
};

Test(segment, names_and_back)
{
	struct npsd_names *n = make_names();

	for (size_t i = 0; i < sizeof names_rows / sizeof names_rows[0]; i++) {
		struct npsd_seg s = npsd_seg_pack(names_rows[i].set, names_rows[i].kind, names_rows[i].id),
				back;
		bool split = names_rows[i].kind != NPSD_KIND_NONE;
		struct npsd_buf b;

		npsd_buf_init(&b, 256);
		cr_expect(npsd_seg_name(&b, s, &sets, n));
		cr_expect(npsd_str_eq(npsd_buf_str(&b), npsd_str(names_rows[i].name)), "%.*s", (int)b.n, b.p);
		cr_expect(npsd_seg_parse(&back, npsd_buf_str(&b), &sets, split, n), "%s", names_rows[i].name);
		cr_expect(npsd_seg_eq(s, back), "%s", names_rows[i].name);
		cr_expect_not(
		    npsd_seg_parse(&back, npsd_buf_str(&b), &sets, !split, n), "%s", names_rows[i].name);
		npsd_buf_free(&b);
	}
	npsd_names_free(&n);
}

Test(segment, what_is_no_segment_is_refused)
{
	static const struct {
		const char *seg;
		bool split;
	} rows[] = {
	    {"", true},
	    {"", false},
	    {"all", true},
	    {"kind=", true},
	    {"kind=all", true},
	    {"kind=Transactional", true},
	    {"kind=transactional,", true},
	    {"kind=transactional,location", true},
	    {"kind=transactional,location=", true},
	    {"kind=transactional,channel=email", true},
	    {"kind=transactional,channel=e%3Dmail", true}, /* a set that is not configured */
	    {"channel=e%3Dmail,location=north", false},	   /* another order */
	    {"kind=transactional,location=south", true},   /* not in the dictionary */
	    {"location=north,channel=e%3dmail", false},	   /* lower-case hex */
	    {"location=north,channel=e=mail", false},	   /* not encoded */
	    {"all,location=north", false},
	    {"location=north,", false},
	    {",location=north", false},
	    {"location=north,channel=e%3Dmail,team=a,stage=b,product=c", false}, /* five */
	    {"region=north", false},
	};
	struct npsd_names *n = make_names();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_seg s;

		cr_expect_not(
		    npsd_seg_parse(&s, npsd_str(rows[i].seg), &sets, rows[i].split, n), "%s", rows[i].seg);
	}
	npsd_names_free(&n);
}

Test(segment, an_unknown_value_of_a_full_dimension_is_not_read_as_other)
{
	struct npsd_names *n = help_names_new(&sets, 1);
	struct npsd_seg s;

	help_admit(n, &sets, NPSD_DIM_location, "north");
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_location, npsd_str("south")), NPSD_ID_OTHER);
	cr_expect_not(npsd_seg_parse(&s, npsd_str("location=south"), &sets, false, n));
	cr_expect(npsd_seg_parse(&s, npsd_str("location=__other__"), &sets, false, n));
	npsd_names_free(&n);
}

Test(segment, what_cannot_be_named_is_refused)
{
	struct npsd_names *n = make_names();
	const uint32_t none[4] = {0}, unknown[4] = {99};
	struct npsd_buf b;

	npsd_buf_init(&b, 256);
	cr_expect_not(npsd_seg_name(&b, npsd_seg_pack(2, 0, none), &sets, n), "no such set");
	cr_expect_not(npsd_seg_name(&b, npsd_seg_pack(3, 0, unknown), &sets, n), "no such id");
	cr_expect_not(npsd_seg_name(&b, npsd_seg_pack(3, 7, none), &sets, n), "no such kind");
	cr_expect_eq(b.n, 0);
	npsd_buf_free(&b);
	npsd_names_free(&n);
}

Test(segment, sixteen_bytes_hold_all_parts)
{
	const uint32_t id[4] = {NPSD_ID_MAX, 1, NPSD_ID_MAX - 1, 0x5555555};
	struct npsd_seg s = npsd_seg_pack(4095, 3, id);
	uint32_t back[4];

	npsd_seg_ids(back, s);
	cr_expect_eq(npsd_seg_set(s), 4095);
	cr_expect_eq(npsd_seg_kind(s), 3);
	for (int i = 0; i < 4; i++)
		cr_expect_eq(back[i], id[i]);
}

Test(segment, words_of_dimensions_and_back)
{
	for (int dim = 0; dim < NPSD_DIM_ATTR0 + 1; dim++)
		cr_expect_eq(npsd_dim_find(&sets, npsd_str(npsd_dim_word(&sets, dim))), dim);
	cr_expect_str_eq(npsd_dim_word(&sets, NPSD_DIM_ATTR0), "attributes.plan");
	cr_expect_null(npsd_dim_word(&sets, NPSD_DIM_ATTR0 + 1));
	cr_expect_null(npsd_dim_word(&sets, -1));
	cr_expect_eq(npsd_dim_find(&sets, npsd_str("kind")), -1);
	cr_expect_eq(npsd_dim_find(&sets, npsd_str("plan")), -1);
	cr_expect_eq(npsd_dim_find(&sets, npsd_str("")), -1);
}
