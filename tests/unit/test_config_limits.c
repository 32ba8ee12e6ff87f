/* The configuration at its limits: what just fits, and what does not. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "npsd/config.h"

#define LONGEST_FILE 1048576

/* A file of its own, with that text; its name is in path. */
static void write_file(char path[32], const char *text, size_t n)
{
	int fd;

	snprintf(path, 32, "/tmp/npsd-config-XXXXXX");
	fd = mkstemp(path);
	cr_assert(fd >= 0 && write(fd, text, n) == (ssize_t)n && close(fd) == 0);
}

/* The longest name that Kafka takes; a name of an option is longer by all that stands around it. */
Test(config_limits, a_topic_of_the_longest_name_has_defaults)
{
	char topic[250], topics[300], yaml[300], set[300], path[32];
	const char *const sets[] = {topics, set};

	memset(topic, 't', 249);
	topic[249] = 0;
	snprintf(topics, sizeof topics, "kafka.topics=%s", topic);
	snprintf(yaml, sizeof yaml, "topic_defaults: {%s: {survey_kind: other}}\n", topic);
	snprintf(set, sizeof set, "topic_defaults.%s.survey_kind=relational", topic);
	write_file(path, yaml, strlen(yaml));
	for (int n = 1; n <= 2; n++) {
		struct npsd_err err = {0};
		struct npsd_config *cfg;

		cr_assert(npsd_config_load(&cfg, &err, path, sets, n), "%s", err.text);
		cr_expect_eq(cfg->topic_kind[0], n == 1 ? NPSD_KIND_OTHER : NPSD_KIND_RELATIONAL);
		npsd_config_free(&cfg);
	}
	unlink(path);
}

/* By the error's code a tool knows that it is the configuration, not the outside world. */
Test(config_limits, a_file_that_is_too_long_is_an_invalid_one)
{
	char *text = malloc(LONGEST_FILE + 1), path[32];

	cr_assert(text);
	memset(text, '\n', LONGEST_FILE + 1);
	for (size_t n = LONGEST_FILE; n <= LONGEST_FILE + 1; n++) {
		struct npsd_err err = {0};
		struct npsd_config *cfg;

		write_file(path, text, n);
		cr_expect_eq(npsd_config_load(&cfg, &err, path, NULL, 0), n == LONGEST_FILE);
		cr_expect_eq(err.code, n == LONGEST_FILE ? NPSD_OK : NPSD_INVALID);
		npsd_config_free(&cfg);
		unlink(path);
	}
	free(text);
}
