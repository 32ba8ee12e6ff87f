/* The limits of the configuration: the largest value that is accepted, and the smallest that is refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "npsd/config.h"

#define LONGEST_FILE 1048576

/* Writes a new file; path receives its name. */
static void write_file(char path[32], const char *text, size_t n)
{
	int fd;

	snprintf(path, 32, "/tmp/npsd-config-XXXXXX");
	fd = mkstemp(path);
	cr_assert(fd >= 0 && write(fd, text, n) == (ssize_t)n && close(fd) == 0);
}

/* The name of the option is longer than the longest name of a topic in Kafka. */
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

/* NPSD_INVALID makes the exit code that of a wrong configuration. */
Test(config_limits, a_file_that_is_too_long_is_invalid)
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
