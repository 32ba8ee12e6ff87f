/* The process and its surroundings: signals, and a log that nobody reads any more. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "npsd/daemon.h"

/* npsd with a Redis at `path` and no Kafka. Standard error is a pipe whose reader is gone. */
static pid_t start(const char *path, bool drain)
{
	char url[128];
	const char *sets[] = {url, "kafka.brokers=127.0.0.1:1"};
	struct npsd_daemon_wish wish = {.drain = drain};
	struct npsd_config *cfg;
	struct npsd_err err = {0};
	int ends[2];
	pid_t pid;

	snprintf(url, sizeof url, "redis.url=unix://%s", path);
	cr_assert(npsd_config_load(&cfg, &err, NULL, sets, 2), "%s", err.text);
	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_DFL);
		close(ends[0]);
		dup2(ends[1], STDERR_FILENO);
		_exit(npsd_daemon_run(cfg, &wish));
	}
	close(ends[1]);
	close(ends[0]);
	npsd_config_free(&cfg);
	return pid;
}

/* The first answer is refused with a line in the log; who comes again has outlived it. */
static void refuse_twice(int listening)
{
	for (int i = 0; i < 2; i++) {
		int fd = accept(listening, NULL, NULL);

		cr_assert_geq(fd, 0);
		cr_expect_eq(write(fd, "HTTP/1.1\r\n", 10), 10);
		close(fd);
	}
}

Test(daemon, a_log_that_nobody_reads_and_a_stop_while_redis_is_away, .timeout = 60)
{
	for (int drain = 0; drain < 2; drain++) {
		struct sockaddr_un un = {.sun_family = AF_UNIX};
		char dir[] = "/tmp/npsd-daemon-XXXXXX";
		int fd = socket(AF_UNIX, SOCK_STREAM, 0), status = 0;
		pid_t pid;

		cr_assert(mkdtemp(dir));
		snprintf(un.sun_path, sizeof un.sun_path, "%s/s", dir);
		cr_assert_eq(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
		cr_assert_eq(listen(fd, 4), 0);
		pid = start(un.sun_path, drain);
		refuse_twice(fd);
		kill(pid, SIGTERM);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_expect(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
		cr_expect_eq(WEXITSTATUS(status), drain, "a drain was not through");
		close(fd);
		unlink(un.sun_path);
		rmdir(dir);
	}
}

Test(daemon, a_check_says_what_redis_and_kafka_would_refuse)
{
	static const struct {
		const char *set, *expect; /* NULL: nothing is wrong */
	} rows[] = {
	    {"redis={url: 'rediss://h', tls_ca: /absent.pem}",
		"redis.tls_ca: cannot use `/absent.pem`: No such file or directory"},
	    {"kafka.properties={linger.milliseconds: 5}",
		"--set: kafka.properties.linger.milliseconds: librdkafka has no such property"},
	    {"kafka.properties={sesion.timeout.ms: 9000}",
		"sesion.timeout.ms: librdkafka has no such property; the nearest that it has is "
		"session.timeout.ms"},
	    {"kafka.properties={session.timeout.ms: soon}",
		"kafka.properties.session.timeout.ms: Invalid value"},
	    {"kafka.properties={security.protocol: sasl}", "Invalid value \"sasl\""},
	    {"kafka.properties={security.protocol: env:NPSD_TEST_SECRET}",
		"kafka.properties.security.protocol: librdkafka does not accept the value"},
	    {"rejects.topic=aside", NULL},
	};

	setenv("NPSD_TEST_SECRET", "hidden", 1);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_config *cfg;
		struct npsd_err err = {0};
		bool ok;

		cr_assert(npsd_config_load(&cfg, &err, NULL, &rows[i].set, 1), "%s", err.text);
		ok = npsd_daemon_check(cfg, &err);
		cr_expect_eq(ok, !rows[i].expect, "%s", rows[i].set);
		cr_expect(!strstr(err.text, "hidden"), "%s", err.text);
		if (rows[i].expect) {
			cr_expect_eq(err.code, NPSD_INVALID);
			cr_expect(strstr(err.text, rows[i].expect), "%s", err.text);
		}
		npsd_config_free(&cfg);
	}
}
