#include "help_adopt.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct npsd_config *load(const char *const *sets, int n)
{
	struct npsd_config *cfg;
	struct npsd_err err = {0};

	cr_assert(npsd_config_load(&cfg, &err, NULL, sets, n), "%s", err.text);
	return cfg;
}

struct npsd_config *help_load(const char *a, const char *b)
{
	const char *sets[2] = {a, b};

	return load(sets, a == NULL ? 0 : b == NULL ? 1 : 2);
}

const char *help_text(const char *a, const char *b, const char *c)
{
	static char text[8192];
	const char *sets[3] = {a, b, c};
	struct npsd_config *cfg = load(sets, b == NULL ? 1 : c == NULL ? 2 : 3);

	snprintf(text, sizeof text, "%s", cfg->text);
	npsd_config_free(&cfg);
	return text;
}

struct npsd_config *help_adopt(const char *stored, struct npsd_config_now now, const char *a, const char *b)
{
	struct npsd_config *cfg = help_load(a, b);
	struct npsd_err err = {0};

	cr_assert(npsd_config_adopt(cfg, &err, stored, now), "%s", err.text);
	return cfg;
}

void help_has(const struct npsd_config *cfg, const char *line)
{
	char want[1024];

	snprintf(want, sizeof want, "\n%s\n", line);
	cr_expect(strstr(cfg->text, want) != NULL, "no line `%s` in:\n%s", line, cfg->text);
}
