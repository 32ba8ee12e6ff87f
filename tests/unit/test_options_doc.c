/* The tables of docs/options.md are those of the source; the text before them is written by hand. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "config/readers.h"

#define FIRST_TABLE "| option | default | accepted | change | meaning |\n"

static const char *const change_md[] = {
    [NPSD_CHANGED_BY_RESTART] = " | ",
    [NPSD_CHANGED_BY_APPLY] = " apply | ",
    [NPSD_CHANGED_BY_REBUILD] = " rebuild | ",
};

/* A bar would end the cell of a table. */
static void add_cell(struct npsd_buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			npsd_buf_addz(b, "\\");
		npsd_buf_add(b, text, 1);
	}
}

static void add_options_md(struct npsd_buf *b)
{
	npsd_buf_addz(b, FIRST_TABLE "| --- | --- | --- | --- | --- |\n");
	for (int i = 0; i < npsd_noptions; i++) {
		const struct npsd_option *o = &npsd_options[i];

		if (!npsd_option_is_scalar(o))
			continue;
		npsd_buf_addf(b, "| `%s` | `%s` | ", o->name, *o->def ? o->def : "\"\"");
		npsd_value_add_accepted(b, o);
		npsd_buf_addf(b, " |%s", change_md[o->change]);
		add_cell(b, o->help);
		npsd_buf_addz(b, " |\n");
	}
	npsd_buf_addz(
	    b, "\n## Lists and maps\n\n| option | default | change | meaning |\n| --- | --- | --- | --- |\n");
	for (int i = 0; i < npsd_noptions; i++) {
		const struct npsd_option *o = &npsd_options[i];

		if (npsd_option_is_scalar(o))
			continue;
		npsd_buf_addf(b, "| `%s` | `%s` |%s", o->name, o->def, change_md[o->change]);
		add_cell(b, o->help);
		npsd_buf_addz(b, " |\n");
	}
}

static void add_dimensions_md(struct npsd_buf *b)
{
	static const struct npsd_sets no_attributes;

	npsd_buf_addf(b,
	    "\n## Dimensions\n\nA set of `segments` consists of: %s. Every set also contains the survey kind "
	    "(see `kinds.split`), which is not listed.\n"
	    "An attribute has a name of 1 to 64 bytes; the sets may contain %d different attributes.\n\n"
	    "`caps.DIMENSION` accepts ",
	    npsd_config_dimensions(), NPSD_MAX_ATTR);
	npsd_value_add_accepted(b, &npsd_option_cap);
	npsd_buf_addz(b, ".\n\n| dimension | default of its cap |\n| --- | --- |\n");
	for (int dim = 0; dim < NPSD_DIM_ATTR0; dim++)
		npsd_buf_addf(
		    b, "| `%s` | %u |\n", npsd_dim_word(&no_attributes, dim), npsd_option_cap_default(dim));
	npsd_buf_addf(b, "| `attributes.NAME` | %u |\n", npsd_option_cap_default(NPSD_DIM_ATTR0));
}

static void add_rest_md(struct npsd_buf *b)
{
	npsd_buf_addf(b,
	    "\n## Panes\n\nA window is the sum of its panes and moves by the width of a pane: %s.\n\n"
	    "## librdkafka\n\n`kafka.properties` may not contain these properties, which npsd sets itself:\n",
	    npsd_config_steps());
	for (const struct npsd_reserved_property *p = npsd_reserved_properties; p->name; p++)
		npsd_buf_addf(
		    b, "\n- `%s`%s%s", p->name, p->instead ? ": use " : "", p->instead ? p->instead : "");
	npsd_buf_addz(b, "\n");
}

/* On failure the test writes the page that is to be committed. */
Test(options_doc, the_page_has_the_tables_of_the_source)
{
	char page[65536], *tables;
	FILE *f = fopen(NPSD_SOURCE_DIR "/docs/options.md", "rb");
	size_t n = f ? fread(page, 1, sizeof page - 1, f) : 0;
	struct npsd_buf b;

	cr_assert(f && n);
	fclose(f);
	page[n] = 0;
	tables = strstr(page, FIRST_TABLE);
	cr_assert_not_null(tables);
	npsd_buf_init(&b, 65536);
	add_options_md(&b);
	add_dimensions_md(&b);
	add_rest_md(&b);
	npsd_buf_add(&b, "", 1);
	cr_assert_not(b.full);
	if (strcmp(tables, b.p) != 0) {
		f = fopen("options.md", "wb");
		cr_assert_not_null(f);
		fprintf(f, "%.*s%s", (int)(tables - page), page, b.p);
		fclose(f);
		cr_expect(false, "docs/options.md differs from the tables: replace it by options.md of the "
				 "folder of this test");
	}
	npsd_buf_free(&b);
}

Test(options_doc, help_names_every_option)
{
	static const char *const names[] = {
#define X(name, field, type, def, least, most, change, help) "\n  " #name "=" def "\n",
#include "tbl/options.def"
#undef X
#define X(name, reader, shape, def, change, help) "\n  " #name "=" def "\n",
#include "tbl/lists.def"
#undef X
	};
	char *text = npsd_config_help();

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		cr_expect_not_null(strstr(text, names[i]), "%s", names[i]);
	free(text);
}
