/* drive_config [SEED [INPUTS]]: compare_config() on seeded mutations of configuration files. */
#include <stdio.h>
#include <string.h>

#include "compare_config.h"
#include "drive.h"
#include "npsd/err.h"

static const char *const files[] = {
    "kafka:\n  brokers: a:1,b:2\n  topics: [x, y]\n  properties: {security.protocol: SSL, linger.ms: 5}\n",
    "segments: [[], [location, attributes.x], [theme]]\nwindows: [1h, 24h, 7d]\ncaps: {team: 4, "
    "attributes.x: 9}\n",
    "clock: event\nshards: 4\nlateness: 36h\nlimits: {event_bytes: 1MB}\npublish.budget: 0.25\nkinds.split: "
    "off\n",
    "alerts:\n  respondent: keyed\n  respondent_key: \"k\\x41\"\n  max_age: 90m\n# the end\n",
};
enum { NFILES = sizeof files / sizeof files[0] };

static const char *const pieces[] = {"[", "]", "{", "}", ": ", ", ", "\n", "\n  ", "- ", "\"", "'", "#",
    "&a ", "*a", "!!int ", "---\n", "...\n", "? ", "| ", "> ", "<<: ", "~", "0", "-1", "1.5",
    "99999999999999999999", "ms", "TB", "env:", "env:HOME", "\xff", "\xc3\xa9", "\t", "\r", "\\0", "kafka",
    "kafka.properties.", "segments", "windows", "attributes.", "location", "owner", "[[[[[[[[[["};
enum { NPIECES = sizeof pieces / sizeof pieces[0] };

static void mutate(struct drive_input *in)
{
	if (drive_below(5) == 0) /* append another file */
		drive_addz(in, DRIVE_ONE_OF(files));
	else
		drive_mutate(in, pieces, NPIECES);
}

int main(int argc, char **argv)
{
	struct drive d = drive_begin(argc, argv, 5000);
	long accepted = 0;

	for (int i = 0; i < NFILES; i++)
		npsd_assert(compare_config(files[i], strlen(files[i])));
	while (drive_next(&d)) {
		struct drive_input in = {.n = 0};

		drive_addz(&in, files[d.i % NFILES]);
		for (uint64_t k = 1 + drive_below(3); k > 0; k--)
			mutate(&in);
		accepted += compare_config(in.p, in.n);
	}
	printf("%ld accepted\n", accepted);
	npsd_assert(d.inputs < 1000 || (accepted > d.inputs / 100 && accepted < d.inputs));
	return 0;
}
