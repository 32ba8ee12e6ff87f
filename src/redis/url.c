#include "redis/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies n bytes of `from`, %XX decoded; false where they do not fit or are malformed. */
static bool decode(char *to, size_t size, const char *from, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)from[i];

		if (c == '%') {
			if (i + 2 >= n || hex(from[i + 1]) < 0 || hex(from[i + 2]) < 0)
				return false;
			c = hex(from[i + 1]) << 4 | hex(from[i + 2]);
			i += 2;
		}
		if (c == 0 || at + 1 >= size)
			return false;
		to[at++] = (char)c;
	}
	to[at] = 0;
	return true;
}

static bool copy(char *to, size_t size, const char *from, size_t n)
{
	snprintf(to, size, "%.*s", (int)n, from);
	return n < size;
}

/* `user:password@`, `:password@` or `password@` before `end`; *rest is what follows. */
static bool parse_login(struct npsd_redis_url *out, const char **rest, const char *end)
{
	const char *p = *rest, *at = memrchr(p, '@', (size_t)(end - p)), *colon;

	if (!at)
		return true;
	*rest = at + 1;
	colon = memchr(p, ':', (size_t)(at - p));
	if (colon && !decode(out->user, sizeof out->user, p, (size_t)(colon - p)))
		return false;
	p = colon ? colon + 1 : p;
	return decode(out->password, sizeof out->password, p, (size_t)(at - p));
}

static bool all_digits(const char *p, size_t n)
{
	return n > 0 && n <= 5 && strspn(p, "0123456789") >= n;
}

/* `host`, `host:port`, `[v6]:port` up to `end`. */
static bool parse_host(struct npsd_redis_host *out, const char *p, const char *end, const char *default_port)
{
	const char *host = p, *host_end = end, *port = NULL;

	if (*p == '[') {
		host = p + 1;
		host_end = memchr(p, ']', (size_t)(end - p));
		if (!host_end || (host_end + 1 < end && host_end[1] != ':'))
			return false;
		port = host_end + 1 < end ? host_end + 2 : NULL;
	} else if ((port = memchr(p, ':', (size_t)(end - p))) != NULL) {
		host_end = port++;
	}
	if (port && (!all_digits(port, (size_t)(end - port)) || atoi(port) < 1 || atoi(port) > 65535))
		return false;
	if (host == host_end || memchr(host, ',', (size_t)(host_end - host)) ||
	    !copy(out->name, sizeof out->name, host, (size_t)(host_end - host)))
		return false;
	return copy(out->port, sizeof out->port, port ? port : default_port,
	    port ? (size_t)(end - port) : strlen(default_port));
}

/* `host,host,...` up to `end` */
static bool parse_hosts(struct npsd_redis_url *out, const char *p, const char *end)
{
	for (;;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));

		if (out->nhosts == NPSD_REDIS_HOSTS ||
		    !parse_host(&out->host[out->nhosts++], p, comma ? comma : end, "26379"))
			return false;
		if (!comma)
			return true;
		p = comma + 1;
	}
}

/* `/db`, `/` or nothing; NULL: nothing */
static bool parse_db(struct npsd_redis_url *out, const char *slash)
{
	if (!slash || !slash[1])
		return true;
	if (!all_digits(slash + 1, strlen(slash + 1)))
		return false;
	out->db = atoi(slash + 1);
	return true;
}

static bool parse_unix(struct npsd_redis_url *out, const char *p)
{
	const char *slash = strrchr(p, '@') ? strchr(strrchr(p, '@'), '/') : p;

	return slash && *slash == '/' && parse_login(out, &p, slash) && p == slash && slash[1] &&
	       copy(out->path, sizeof out->path, slash, strlen(slash));
}

/* The first `/` after the login, or NULL. */
static const char *find_slash(const char *p)
{
	return strchr(strrchr(p, '@') ? strrchr(p, '@') : p, '/');
}

static bool parse_server(struct npsd_redis_url *out, const char *p)
{
	const char *slash = find_slash(p), *end = slash ? slash : p + strlen(p);

	out->nhosts = 1;
	return parse_db(out, slash) && parse_login(out, &p, end) && parse_host(&out->host[0], p, end, "6379");
}

static bool parse_sentinels(struct npsd_redis_url *out, const char *p)
{
	const char *slash = find_slash(p), *master = slash ? slash + 1 : "";
	size_t n = strcspn(master, "/");

	return n > 0 && parse_db(out, master[n] ? master + n : NULL) && parse_login(out, &p, slash) &&
	       copy(out->master, sizeof out->master, master, n) && parse_hosts(out, p, slash);
}

static bool parse(struct npsd_redis_url *out, const char *url)
{
	static const struct {
		const char *scheme;
		bool (*rest)(struct npsd_redis_url *out, const char *p);
		bool tls;
	} forms[] = {
	    {"redis://", parse_server, false},
	    {"rediss://", parse_server, true},
	    {"redis+sentinel://", parse_sentinels, false},
	    {"rediss+sentinel://", parse_sentinels, true},
	    {"unix://", parse_unix, false},
	};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		size_t n = strlen(forms[i].scheme);

		out->tls = forms[i].tls;
		if (strncmp(url, forms[i].scheme, n) == 0)
			return forms[i].rest(out, url + n);
	}
	return false;
}

bool npsd_redis_url_parse(struct npsd_redis_url *out, const char *url, struct npsd_err *err)
{
	*out = (struct npsd_redis_url){.db = 0};
	return parse(out, url) ||
	       npsd_fail(err, NPSD_INVALID, 0,
		   "is not a Redis URL; accepted: redis[s]://[user:password@]host:port/db, "
		   "redis[s]+sentinel://host:port,host:port/master/db or unix:///path");
}

void npsd_redis_url_describe(char *to, size_t size, const struct npsd_redis_url *url)
{
	size_t n = 0;

	if (url->path[0])
		snprintf(to, size, "unix://%s", url->path);
	else if (url->master[0])
		n = (size_t)snprintf(to, size, "%s/%d of the Sentinels ", url->master, url->db);
	for (int i = 0; i < url->nhosts && n < size; i++)
		n += (size_t)snprintf(
		    to + n, size - n, "%s%s:%s", i ? "," : "", url->host[i].name, url->host[i].port);
	if (url->nhosts && !url->master[0])
		snprintf(to + n, size - n, "/%d", url->db);
}
