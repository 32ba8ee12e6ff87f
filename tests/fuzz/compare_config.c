#include "compare_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "npsd/config.h"

/* An accepted text is accepted again with the same result. A refused one gives an error of one line and no
 * configuration. */
static bool check(const char *file, const char *set)
{
	struct npsd_err err = {0};
	struct npsd_config *cfg, *again;

	if (!npsd_config_load(&cfg, &err, file, &set, set != NULL)) {
		npsd_assert(cfg == NULL && err.code != NPSD_OK && err.text[0] && !strchr(err.text, '\n'));
		return false;
	}
	npsd_assert(err.code == NPSD_OK);
	npsd_assert(npsd_config_load(&again, &err, file, &set, set != NULL));
	npsd_assert(
	    npsd_config_difference(cfg->text, again->text) == NULL && strcmp(cfg->hash, again->hash) == 0);
	npsd_config_free(&cfg);
	npsd_config_free(&again);
	return true;
}

bool compare_config(const char *data, size_t n)
{
	int fd = memfd_create("npsd.yaml", MFD_CLOEXEC);
	char path[64], *set = malloc(n + 1);
	bool accepted;

	npsd_assert(fd >= 0 && set && write(fd, data, n) == (ssize_t)n);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	accepted = check(path, NULL);
	close(fd);
	if (n)
		memcpy(set, data, n);
	set[n] = 0;
	check(NULL, set);
	free(set);
	return accepted;
}
