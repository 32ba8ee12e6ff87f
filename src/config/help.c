#include <stdio.h>

#include "config/readers.h"

char *npsd_config_help(void)
{
	struct npsd_buf b;

	npsd_buf_init(&b, 65536);
	npsd_buf_addz(
	    &b, "Options of the file and of --set, with their defaults (details: docs/options.md):\n");
	for (int i = 0; i < npsd_noptions; i++) {
		const struct npsd_option *o = &npsd_options[i];

		npsd_buf_addf(&b, "  %s=%s\n      %s; ", o->name, o->def, o->help);
		npsd_value_add_accepted(&b, o);
		npsd_buf_addz(&b, "\n");
	}
	npsd_buf_addf(&b, "Pane widths: %s\n", npsd_config_steps());
	npsd_buf_add(&b, "", 1);
	npsd_assert(!b.full);
	return b.p; /* malloc'ed */
}
