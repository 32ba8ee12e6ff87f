#include "ctl/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/distance.h"
#include "npsd/err.h"

/* Names in Redis may contain escape sequences, which must not reach a terminal. */
static char *printable(struct npsd_str name)
{
	char *text = strndup(name.p, name.n);
	uint32_t n;

	npsd_assert(text);
	for (uint32_t i = 0; i < name.n; i += n ? n : 1) {
		n = npsd_str_control((struct npsd_str){name.p + i, name.n - i});
		memset(text + i, ' ', n);
	}
	return text;
}

void ctl_nearest_add(struct ctl_nearest *n, struct npsd_str name)
{
	int full = n->n == CTL_NEAREST_MAX, most = full ? n->distance[n->n - 1] - 1 : n->most, at;
	int d = npsd_distance(n->wanted, name, most);

	if (d > most)
		return;
	if (full)
		free(n->name[--n->n]);
	for (at = n->n++; at > 0 && n->distance[at - 1] > d; at--) {
		n->distance[at] = n->distance[at - 1];
		n->name[at] = n->name[at - 1];
	}
	n->distance[at] = d;
	n->name[at] = printable(name);
}

void ctl_nearest_add_list(struct ctl_nearest *n, const char *list, char by)
{
	struct npsd_str rest = npsd_str(list), name;

	while (npsd_str_next(&name, &rest, by))
		ctl_nearest_add(n, name);
}

bool ctl_nearest_end(struct ctl_nearest *n, const char *intro)
{
	bool any = n->n > 0;

	for (int i = 0; i < n->n; i++) {
		if (i == 0)
			fprintf(stderr, "npsctl: %s ", intro);
		fprintf(stderr, "%s%s", i ? ", " : "", n->name[i]);
		free(n->name[i]);
	}
	if (any)
		fputc('\n', stderr);
	n->n = 0;
	return any;
}
