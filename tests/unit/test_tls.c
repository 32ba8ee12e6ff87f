/* TLS to a real redis-server: what is accepted, and the one line that says why not. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help_redis.h"
#include "npsd/client.h"
#include "npsd/redis.h"

/* A server with a TLS port and a plain one; certificates in a directory. */
struct bed {
	struct help_redis r;
	struct help_port plain, tls;
	char dir[32];
};

static void make_certificates(const char *dir)
{
	char command[200];

	snprintf(command, sizeof command, "%s/tests/certificates.sh %s", NPSD_SOURCE_DIR, dir);
	cr_assert_eq(system(command), 0, "no certificates: is openssl installed?");
}

static const char *in_dir(const struct bed *b, const char *name)
{
	static char path[8][64];
	static int turn;

	turn = (turn + 1) % 8;
	snprintf(path[turn], sizeof path[turn], "%s/%s", b->dir, name);
	return path[turn];
}

static void begin(struct bed *b)
{
	*b = (struct bed){.dir = "/tmp/npsd-tls-XXXXXX"};
	cr_assert(mkdtemp(b->dir));
	make_certificates(b->dir);
	b->plain = help_redis_port();
	b->tls = help_redis_port();
	help_redis_start(
	    &b->r, (const char *[]){"--port", b->plain.text, "--tls-port", b->tls.text, "--tls-cert-file",
		       in_dir(b, "server.pem"), "--tls-key-file", in_dir(b, "server.key"),
		       "--tls-ca-cert-file", in_dir(b, "ca.pem"), "--tls-auth-clients", "no", NULL});
}

static void end(struct bed *b)
{
	char command[64];

	help_redis_stop(&b->r);
	snprintf(command, sizeof command, "rm -r %s", b->dir);
	cr_expect_eq(system(command), 0);
}

/* ca, cert, key: names in the directory, or NULL */
struct client {
	const char *host, *ca, *cert, *key, *name;
	bool verify;
};

static struct npsd_config config_of(const struct bed *b, const struct client *c, char *url)
{
	return (struct npsd_config){.redis_url = url,
	    .redis_timeout_ms = 20000,
	    .prefix = "nps",
	    .redis_tls_ca = c->ca ? (char *)(uintptr_t)in_dir(b, c->ca) : NULL,
	    .redis_tls_cert = c->cert ? (char *)(uintptr_t)in_dir(b, c->cert) : NULL,
	    .redis_tls_key = c->key ? (char *)(uintptr_t)in_dir(b, c->key) : NULL,
	    .redis_tls_name = (char *)(uintptr_t)c->name,
	    .redis_tls_verify = c->verify};
}

/* "" or why the command failed. */
static const char *ask(
    const struct bed *b, const struct client *c, int timeout_ms, const char *scheme, const char *port)
{
	static const char *const words[] = {"TIME"};
	static struct npsd_err err;
	struct npsd_client *client;
	struct npsd_config cfg;
	char url[64];

	snprintf(url, sizeof url, "%s://%s:%s", scheme, c->host, port);
	cfg = config_of(b, c, url);
	cfg.redis_timeout_ms = timeout_ms;
	err = (struct npsd_err){.code = NPSD_OK};
	if (npsd_client_open(&client, &cfg, &err))
		npsd_client_command(client, &err, 0, 1, words);
	npsd_client_close(&client);
	return err.text;
}

Test(tls, what_is_accepted_and_why_not, .timeout = 120)
{
	static const struct {
		const char *server, *auth,
		    *protocols; /* the server's certificate, tls-auth-clients, tls-protocols */
		struct client client;
		const char *expect; /* "": accepted */
	} rows[] = {
	    {"server", "no", "", {"127.0.0.1", "ca.pem", .verify = true}, ""},
	    {"server", "no", "TLSv1.2", {"127.0.0.1", "ca.pem", .verify = true}, ""},
	    {"server", "no", "", {"localhost", "ca.pem", .verify = true}, ""},
	    {"named", "no", "", {"127.0.0.1", "ca.pem", .name = "redis.test", .verify = true}, ""},
	    {"named", "no", "", {"127.0.0.1", "ca.pem", .verify = true},
		"TLS: the server's certificate is not for `127.0.0.1`; redis.tls_name sets another name"},
	    {"server", "no", "", {"127.0.0.1", "ca.pem", .name = "other.test", .verify = true},
		"TLS: the server's certificate is not for `other.test`; "},
	    {"server", "no", "", {"127.0.0.1", "other_ca.pem", .verify = true},
		"TLS: the server's certificate is not signed by a CA of redis.tls_ca: "},
	    {"server", "no", "", {"127.0.0.1", .verify = true},
		"TLS: the server's certificate is not signed by a CA of the system, and redis.tls_ca is "
		"empty: "},
	    {"server", "no", "", {"127.0.0.1", "other_ca.pem", .verify = false}, ""},
	    {"expired", "no", "", {"127.0.0.1", "ca.pem", .verify = true},
		"TLS: the server's certificate is refused: certificate has expired"},
	    {"expired", "no", "", {"127.0.0.1", .name = "other.test", .verify = false}, ""},
	    {"server", "yes", "", {"127.0.0.1", "ca.pem", "client.pem", "client.key", .verify = true}, ""},
	    {"server", "optional", "", {"127.0.0.1", "ca.pem", .verify = true}, ""},
	    {"server", "yes", "", {"127.0.0.1", "ca.pem", .verify = true},
		"TLS: the server requires a client certificate: set redis.tls_cert and redis.tls_key"},
	    {"server", "yes", "TLSv1.2", {"127.0.0.1", "ca.pem", .verify = true},
		"TLS: the server requires a client certificate: set redis.tls_cert and redis.tls_key"},
	    {"server", "yes", "", {"127.0.0.1", "ca.pem", "stranger.pem", "stranger.key", .verify = true},
		" the client certificate"}, /* the reason may be lost with the connection */
	    {"server", "yes", "TLSv1.2",
		{"127.0.0.1", "ca.pem", "stranger.pem", "stranger.key", .verify = true},
		" the client certificate"}, /* the reason may be lost with the connection */
	    {"server", "no", "", {"127.0.0.1", "absent.pem", .verify = true}, "redis.tls_ca: cannot use `"},
	    {"server", "no", "", {"127.0.0.1", "certificates.log", .verify = true},
		"redis.tls_ca: cannot use `"},
	    {"server", "no", "", {"127.0.0.1", "ca.pem", "absent.pem", .verify = true},
		"redis.tls_cert: cannot use `"},
	    {"server", "no", "", {"127.0.0.1", "ca.pem", "client.pem", .verify = true},
		"redis.tls_cert: cannot use `"}, /* it contains no key */
	    {"server", "no", "", {"127.0.0.1", "ca.pem", "client.pem", "stranger.key", .verify = true},
		"redis.tls_key: cannot use `"},
	};
	struct bed b;

	begin(&b);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char cert[32], key[32];
		const char *text;

		snprintf(cert, sizeof cert, "%s.pem", rows[i].server);
		snprintf(key, sizeof key, "%s.key", rows[i].server);
		cr_assert_str_eq(help_redis_do(&b.r, "CONFIG", "SET", "tls-cert-file", in_dir(&b, cert),
				     "tls-key-file", in_dir(&b, key), "tls-auth-clients", rows[i].auth,
				     "tls-protocols", rows[i].protocols, NULL),
		    "OK");
		text = ask(&b, &rows[i].client, 20000, "rediss", b.tls.text);
		cr_expect(
		    rows[i].expect[0] ? strstr(text, rows[i].expect) != NULL : !text[0], "%zu: %s", i, text);
	}
	end(&b);
}

Test(tls, one_side_without_tls_is_recognized, .timeout = 120)
{
	struct client c = {"127.0.0.1", "ca.pem", .verify = true};
	struct bed b;
	const char *text;

	begin(&b);
	text = ask(&b, &c, 20000, "redis", b.tls.text);
	cr_expect(strstr(text, "rediss"), "%s", text);
	text = ask(&b, &c, 500, "rediss", b.plain.text);
	cr_expect(strstr(text, "TLS on this port"), "%s", text);
	end(&b);
}

/* More than a socket holds, both ways, and many calls in flight. */
Test(tls, long_calls_and_replies_pass, .timeout = 120)
{
	enum { LONG = 6 << 20 };
	static const char *const keys[] = {"{p}f", "{p}d", "{p}c", "{p}l", "{p}r"};
	char *tp = malloc(LONG + 1), url[64];
	const char *base[] = {"hash", "0", "", "text", "t/0", "0:0", "n", "t", "0", "1", "0:0"};
	const char *check[] = {"hash", "0", "", tp, "claim", "0:0"}, *reply;
	struct client c = {"127.0.0.1", "ca.pem", .verify = true};
	struct npsd_err err = {.code = NPSD_OK};
	struct npsd_config cfg;
	struct npsd_store s;
	struct bed b;

	memset(tp, 'a', LONG);
	tp[LONG] = 0;
	begin(&b);
	snprintf(url, sizeof url, "rediss://127.0.0.1:%s", b.tls.text);
	cfg = config_of(&b, &c, url);
	cr_assert(npsd_redis_open(&s, &cfg, "test", &err), "%s", err.text);
	help_store_call(&s, NPSD_S_base, keys, 5, base, 11);
	for (int i = 0; i < 3; i++) {
		reply = help_store_call(&s, NPSD_S_fence_check, keys, 2, check, 6);
		cr_expect_eq(strlen(reply), LONG + strlen("[refused claim   ]"));
		cr_expect_eq(strncmp(reply, "[refused claim aaa", 18), 0);
	}
	cr_expect_eq(s.connection(s.self), 1);
	npsd_redis_close(&s);
	end(&b);
	free(tp);
}
