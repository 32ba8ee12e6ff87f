#include <criterion/criterion.h>

#include <stdio.h>

#include "help_names.h"

static const struct npsd_sets sets = {.attr = {"plan"}, .attr_word = {"attributes.plan"}, .nattr = 1};

static struct npsd_str str(const char *z)
{
	return npsd_str(z);
}

Test(names, an_empty_copy_knows_the_two_reserved_values)
{
	struct npsd_names *n = help_names_new(&sets, 10);

	cr_expect_eq(npsd_names_len_any(n), 0);
	cr_expect_str_eq(npsd_names_chain_any(n, 0), "");
	cr_expect_null(npsd_names_chain_any(n, 1));
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_channel, str("")), NPSD_ID_NONE);
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_channel, (struct npsd_str){NULL, 0}), NPSD_ID_NONE);
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_channel, str("__none__")), NPSD_ID_NONE);
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_channel, str("__other__")), NPSD_ID_OTHER);
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_channel, str("email")), NPSD_ID_UNKNOWN);
	cr_expect(npsd_str_eq(npsd_names_text_any(n, NPSD_ID_NONE), str("__none__")));
	cr_expect(npsd_str_eq(npsd_names_text_any(n, NPSD_ID_OTHER), str("__other__")));
	cr_expect_null(npsd_names_text_any(n, NPSD_ID_FIRST).p);
	cr_expect_eq(npsd_names_dim_any(n, NPSD_ID_FIRST), -1);
	npsd_names_free(&n);
	cr_expect_null(n);
	npsd_names_free(&n);
}

Test(names, the_chain_is_that_of_the_script)
{
	/* printf '8:location5:north' | sha1sum, and so on */
	static const struct {
		int dim;
		const char *value, *chain;
	} rows[] = {
	    {NPSD_DIM_location, "north", "4e54aa98f82a9e9b8c3a45b228cfba8a8d66d3b9"},
	    {NPSD_DIM_channel, "north", "944c89cf68ae787b0f517ae962f8a95defc369fa"},
	    {NPSD_DIM_ATTR0, "größer", "b4fd0c93c134ff31e4c380f3f8a29deb82cd84c6"},
	};
	struct npsd_names *n = help_names_new(&sets, 10);

	for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cr_expect(
		    npsd_names_append_owner(n, i, rows[i].dim, str(rows[i].value), rows[i].chain), "%u", i);
		cr_expect_str_eq(npsd_names_chain_any(n, i + 1), rows[i].chain);
		cr_expect_eq(npsd_names_find_any(n, rows[i].dim, str(rows[i].value)), NPSD_ID_FIRST + i);
		cr_expect_eq(npsd_names_dim_any(n, NPSD_ID_FIRST + i), rows[i].dim);
	}
	npsd_names_free(&n);
}

Test(names, an_entry_that_is_there_must_come_again_the_same)
{
	struct npsd_names *n = help_names_new(&sets, 10);
	char chain[41], other[41];

	cr_assert_eq(help_admit(n, &sets, NPSD_DIM_channel, "email"), 2);
	help_chain(chain, "", "channel", str("email"));
	help_chain(other, "", "channel", str("e-mail"));
	cr_expect(npsd_names_append_owner(n, 0, NPSD_DIM_channel, str("email"), chain));
	cr_expect_not(npsd_names_append_owner(n, 0, NPSD_DIM_stage, str("email"), chain));
	cr_expect_not(npsd_names_append_owner(n, 0, NPSD_DIM_channel, str("e-mail"), other));
	cr_expect_not(npsd_names_append_owner(n, 0, NPSD_DIM_channel, str("email"), other));
	cr_expect_eq(npsd_names_len_any(n), 1);
	npsd_names_free(&n);
}

Test(names, refuses_what_the_script_never_admits)
{
	static const struct {
		const char *name;
		uint32_t index;
		int dim;
		const char *value;
	} rows[] = {
	    {"an index is skipped", 2, NPSD_DIM_channel, "web"},
	    {"twice", 1, NPSD_DIM_channel, "email"},
	    {"reserved: empty", 1, NPSD_DIM_channel, ""},
	    {"reserved: none", 1, NPSD_DIM_channel, "__none__"},
	    {"reserved: other", 1, NPSD_DIM_channel, "__other__"},
	    {"before its ancestor", 1, NPSD_DIM_location, "north/lisbon"},
	    {"its ancestor is of another dimension", 1, NPSD_DIM_location, "email/lisbon"},
	    {"empty first level", 1, NPSD_DIM_location, "/lisbon"},
	    {"empty last level", 1, NPSD_DIM_location, "lisbon/"},
	};
	struct npsd_names *n = help_names_new(&sets, 10);
	char chain[41];

	cr_assert_eq(help_admit(n, &sets, NPSD_DIM_channel, "email"), 2);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		help_chain(
		    chain, npsd_names_chain_any(n, 1), npsd_dim_word(&sets, rows[i].dim), str(rows[i].value));
		cr_expect_not(
		    npsd_names_append_owner(n, rows[i].index, rows[i].dim, str(rows[i].value), chain), "%s",
		    rows[i].name);
	}
	help_chain(chain, "", "channel", str("web"));
	cr_expect_not(npsd_names_append_owner(n, 1, NPSD_DIM_channel, str("web"), chain), "a broken chain");
	cr_expect_not(
	    npsd_names_append_owner(n, 1, NPSD_DIM_ATTR0 + 1, str("web"), chain), "no such attribute");
	cr_expect_eq(npsd_names_len_any(n), 1);
	npsd_names_free(&n);
}

static bool append(struct npsd_names *n, int dim, struct npsd_str value)
{
	uint32_t len = npsd_names_len_any(n);
	char chain[41];

	help_chain(chain, npsd_names_chain_any(n, len), npsd_dim_word(&sets, dim), value);
	return npsd_names_append_owner(n, len, dim, value, chain);
}

/* Ranks, for example, have no room for a ninth level. */
Test(names, refuses_what_the_decoder_never_takes)
{
	struct npsd_names *n = help_names_new(&sets, 100);
	char value[600];
	uint32_t len = 0;

	memset(value, 'x', sizeof value);
	cr_expect(append(n, NPSD_DIM_channel, (struct npsd_str){value, 256}));
	cr_expect_not(append(n, NPSD_DIM_channel, (struct npsd_str){value, 257}));
	cr_expect(append(n, NPSD_DIM_location, (struct npsd_str){value, 256}));
	cr_expect_not(append(n, NPSD_DIM_location, (struct npsd_str){value, 257}));
	value[256] = '/';
	cr_expect(append(n, NPSD_DIM_location, (struct npsd_str){value, 513}));
	cr_expect_not(append(n, NPSD_DIM_location, (struct npsd_str){value, 514}));
	for (int level = 1; level <= 9; level++) {
		len += (uint32_t)snprintf(value + len, 8, "%s", level > 1 ? "/a" : "a");
		cr_expect_eq(append(n, NPSD_DIM_location, (struct npsd_str){value, len}), level <= 8,
		    "level %d", level);
	}
	npsd_names_free(&n);
}

Test(names, a_location_knows_its_ancestor)
{
	struct npsd_names *n = help_names_new(&sets, 10);
	uint32_t region = help_admit(n, &sets, NPSD_DIM_location, "north");
	uint32_t city = help_admit(n, &sets, NPSD_DIM_location, "north/lisbon");
	uint32_t unit = help_admit(n, &sets, NPSD_DIM_location, "north/lisbon/unit-0042");
	uint32_t team = help_admit(n, &sets, NPSD_DIM_team, "north/lisbon");
	uint32_t over_cap = help_admit(n, &sets, NPSD_DIM_location, "__other__/x");

	cr_expect_eq(npsd_names_parent_any(n, unit), city);
	cr_expect_eq(npsd_names_parent_any(n, city), region);
	cr_expect_eq(npsd_names_parent_any(n, region), NPSD_ID_NONE);
	cr_expect_eq(npsd_names_parent_any(n, over_cap), NPSD_ID_OTHER);
	cr_expect_eq(npsd_names_parent_any(n, team), NPSD_ID_NONE, "only locations are paths");
	npsd_names_free(&n);
}

Test(names, a_full_dimension_gives_other_but_takes_what_is_in_the_list)
{
	struct npsd_names *n = help_names_new(&sets, 2);

	cr_expect_eq(help_admit(n, &sets, NPSD_DIM_channel, "email"), 2);
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_channel, str("web")), NPSD_ID_UNKNOWN);
	cr_expect_eq(help_admit(n, &sets, NPSD_DIM_channel, "sms"), 3);
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_channel, str("web")), NPSD_ID_OTHER);
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_channel, str("email")), 2);
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_stage, str("web")), NPSD_ID_UNKNOWN);
	cr_expect_eq(help_admit(n, &sets, NPSD_DIM_channel, "web"), 4, "admitted under a larger cap");
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_channel, str("web")), 4);
	npsd_names_free(&n);
	n = help_names_new(&sets, 0);
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_channel, str("web")), NPSD_ID_OTHER);
	npsd_names_free(&n);
}

Test(names, values_are_bytes_with_a_length)
{
	struct npsd_names *n = help_names_new(&sets, 10);
	struct npsd_str a = {"a\0b", 3}, b = {"a\0c", 3};
	char chain[41];

	help_chain(chain, "", "team", a);
	cr_expect(npsd_names_append_owner(n, 0, NPSD_DIM_team, a, chain));
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_team, a), 2);
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_team, b), NPSD_ID_UNKNOWN);
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_team, str("a")), NPSD_ID_UNKNOWN);
	cr_expect(npsd_str_eq(npsd_names_text_any(n, 2), a));
	npsd_names_free(&n);
}

/* More than one chunk of entries, one chunk of texts and several tables. */
Test(names, keeps_all_while_it_grows)
{
	enum { N = 20000 };
	struct npsd_names *n = help_names_new(&sets, N);
	const char *first = NULL;
	char text[64];

	for (uint32_t i = 0; i < N; i++) {
		snprintf(text, sizeof text, "value-%u-with-some-length", i);
		cr_assert_eq(help_admit(n, &sets, NPSD_DIM_product, text), NPSD_ID_FIRST + i);
		if (i == 0)
			first = npsd_names_text_any(n, NPSD_ID_FIRST).p;
	}
	for (uint32_t i = 0; i < N; i++) {
		snprintf(text, sizeof text, "value-%u-with-some-length", i);
		cr_assert_eq(npsd_names_find_any(n, NPSD_DIM_product, str(text)), NPSD_ID_FIRST + i);
		cr_assert(npsd_str_eq(npsd_names_text_any(n, NPSD_ID_FIRST + i), str(text)));
		cr_assert_eq(npsd_names_find_any(n, NPSD_DIM_team, str(text)), NPSD_ID_UNKNOWN);
	}
	cr_expect_eq(npsd_names_text_any(n, NPSD_ID_FIRST).p, first, "entries never move");
	cr_expect_eq(npsd_names_find_any(n, NPSD_DIM_product, str("new")), NPSD_ID_OTHER);
	npsd_names_free(&n);
}
