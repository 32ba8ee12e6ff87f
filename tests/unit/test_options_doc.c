#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "npsd/config.h"

/* The page is made from the tables; what the build writes here is what has to be committed. */
Test(options_doc, the_page_is_that_of_the_tables)
{
	char *expect = npsd_config_manual(true), page[65536];
	FILE *f = fopen(NPSD_SOURCE_DIR "/docs/options.md", "rb");
	size_t n = f ? fread(page, 1, sizeof page - 1, f) : 0;

	page[n] = 0;
	if (f)
		fclose(f);
	if (strcmp(page, expect) != 0) {
		f = fopen("options.md", "wb");
		cr_assert_not_null(f);
		fputs(expect, f);
		fclose(f);
		cr_expect(false, "docs/options.md is not what the tables give: take options.md from the "
				 "folder of this test");
	}
	free(expect);
}

Test(options_doc, help_names_every_option)
{
	static const char *const names[] = {
#define X(name, field, type, def, least, most, counted, help) "\n  " #name "=" def "\n",
#include "tbl/options.def"
#undef X
#define X(name, def, counted, help) "\n  " #name "=" def "\n",
#include "tbl/lists.def"
#undef X
	};
	char *text = npsd_config_manual(false);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		cr_expect_not_null(strstr(text, names[i]), "%s", names[i]);
	free(text);
}
