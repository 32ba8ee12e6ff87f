#include "config/internal.h"

#include <stdio.h>
#include <stdlib.h>

/* A line of the page is a line here. */
/* clang-format off */
static const char intro_md[] =
	"# Options\n"
	"\n"
	"Made from `src/tbl/options.def`, `src/tbl/lists.def` and `src/tbl/dims.def`; a test compares.\n"
	"\n"
	"The configuration is one YAML map. Every option has a default, so a file may hold two lines or be absent. Names are\n"
	"written with dots or as nested maps, and `--set NAME=VALUE` overrides one option; lists and maps are YAML there too:\n"
	"\n"
	"```yaml\n"
	"kafka:\n"
	"  brokers: kafka-1:9092,kafka-2:9092\n"
	"  topics: [survey-events]\n"
	"  properties:\n"
	"    security.protocol: SASL_SSL\n"
	"    sasl.password: file:/run/secrets/kafka\n"
	"redis.url: env:REDIS_URL\n"
	"segments: [[], [location], [location, channel], [attributes.plan]]\n"
	"windows: [1h, 24h, 30d]\n"
	"```\n"
	"\n"
	"```sh\n"
	"npsd --config npsd.yaml --set windows='[1h, 7d]' --set kafka.properties.linger.ms=5 --check-config\n"
	"```\n"
	"\n"
	"- **Durations** are an integer with `ms`, `s`, `m`, `h` or `d`; **sizes** an integer with `KB`, `MB`, `GB`, `TB`\n"
	"  (1024s) or none. Switches are `true` or `false` (also `on`/`off`, `yes`/`no`).\n"
	"- **Secrets**: a text option, or a value of `kafka.properties`, of the form `env:NAME` is read from the environment,\n"
	"  of the form `file:PATH` from a file, whose last line break is dropped. They are never shown or stored; of\n"
	"  `alerts.respondent_key` a hash is.\n"
	"- An option that is **counted** bears on what is counted or alerted. It is kept with the counts: an instance that\n"
	"  starts with another value refuses and names the option.\n"
	"- **Several topics** may have defaults of their own: `topic_defaults: {nps-relational: {survey_kind: relational}}`. `none`\n"
	"  there takes the default of all away. Defaults fill in what creates an answer or an invitation, never an edit.\n"
	"- What is unknown, impossible or given twice is refused with file, line, column, option and what is accepted.\n"
	"\n"
	"| option | default | accepted | counted | meaning |\n"
	"| --- | --- | --- | --- | --- |\n";
/* clang-format on */

static const char lists_md[] = "\n"
			       "## Lists and maps\n"
			       "\n"
			       "| option | default | counted | meaning |\n"
			       "| --- | --- | --- | --- |\n";

static const char caps_md[] = "\n"
			      "`caps.DIMENSION` takes an integer from 1 to 16000000; by default:\n"
			      "\n"
			      "| dimension | cap |\n"
			      "| --- | --- |\n";

static const char after_md[] =
    "\n"
    "`segments` may name any of these but `owner`. The survey kind is a part of every set (see "
    "`kinds.split`) and is not\n"
    "listed. A declared attribute `attributes.X` has a name of 1 to 64 bytes; at most six different ones may "
    "be declared.\n"
    "Windows step by a minute up to 3 h wide, by 5 minutes up to 24 h, by an hour up to 31 days, by a day "
    "beyond.\n"
    "npsd sets these properties of librdkafka itself: `bootstrap.servers`, `group.id`, `auto.offset.reset`,\n"
    "`enable.auto.commit`, `enable.auto.offset.store`, `enable.partition.eof`, `isolation.level`.\n";

/* A cell of a table: in it a bar would end the cell. */
static void add_cell(struct npsd_buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			npsd_buf_addz(b, "\\");
		npsd_buf_add(b, text, 1);
	}
}

static void add_code(struct npsd_buf *b, const char *text)
{
	npsd_buf_addz(b, "`");
	npsd_buf_addz(b, *text ? text : "\"\"");
	npsd_buf_addz(b, "`");
}

static void add_rows_md(struct npsd_buf *b)
{
	for (int i = 0; i < npsd_noptions; i++) {
		const struct npsd_option *o = &npsd_options[i];

		npsd_buf_addf(b, "| `%s` | ", o->name);
		add_code(b, o->def);
		npsd_buf_addz(b, " | ");
		npsd_value_accepted(b, o);
		npsd_buf_addz(b, o->counted ? " | yes | " : " | | ");
		add_cell(b, o->help);
		npsd_buf_addz(b, " |\n");
	}
	npsd_buf_addz(b, lists_md);
	for (int i = 0; i < npsd_nlist_options; i++) {
		const struct npsd_list_option *o = &npsd_list_options[i];

		npsd_buf_addf(b, "| `%s` | `%s` | %s", o->name, o->def, o->counted ? "yes | " : "| ");
		add_cell(b, o->help);
		npsd_buf_addz(b, " |\n");
	}
}

static void add_caps_md(struct npsd_buf *b)
{
	static const struct npsd_sets no_attributes;

	npsd_buf_addz(b, caps_md);
	for (int dim = 0; dim < NPSD_DIM_ATTR0; dim++)
		npsd_buf_addf(
		    b, "| `%s` | %u |\n", npsd_dim_word(&no_attributes, dim), npsd_cap_default[dim]);
	npsd_buf_addf(b, "| `attributes.X` | %u |\n", npsd_cap_default[NPSD_DIM_ATTR0]);
	npsd_buf_addz(b, after_md);
}

static void add_rows_text(struct npsd_buf *b)
{
	npsd_buf_addz(
	    b, "Options of the file and of --set, with their defaults (docs/options.md says more):\n");
	for (int i = 0; i < npsd_noptions; i++) {
		const struct npsd_option *o = &npsd_options[i];

		npsd_buf_addf(b, "  %s=%s\n      %s; ", o->name, o->def, o->help);
		npsd_value_accepted(b, o);
		npsd_buf_addz(b, "\n");
	}
	for (int i = 0; i < npsd_nlist_options; i++)
		npsd_buf_addf(b, "  %s=%s\n      %s\n", npsd_list_options[i].name, npsd_list_options[i].def,
		    npsd_list_options[i].help);
}

char *npsd_config_manual(bool markdown)
{
	struct npsd_buf b;

	npsd_buf_init(&b, 65536);
	if (markdown) {
		npsd_buf_addz(&b, intro_md);
		add_rows_md(&b);
		add_caps_md(&b);
	} else {
		add_rows_text(&b);
	}
	npsd_buf_add(&b, "", 1);
	npsd_assert(!b.full);
	return b.p; /* its memory is malloc's */
}
