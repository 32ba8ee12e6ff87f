#include "redis/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct npsd_tls {
	SSL *ssl;
	const struct npsd_tls_options *options;
	const char *name; /* in the server's certificate */
	int fd;
	bool asked;    /* the server asked for a client certificate, and there is none */
	bool received; /* the server has sent something after the handshake */
};

/* --- the socket: OpenSSL's own would raise SIGPIPE --- */

static int socket_done(BIO *b, ssize_t n, int retry)
{
	BIO_clear_retry_flags(b);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_flags(b, retry | BIO_FLAGS_SHOULD_RETRY);
	return (int)n;
}

static int socket_write(BIO *b, const char *p, int n)
{
	const struct npsd_tls *t = BIO_get_data(b);

	return socket_done(b, send(t->fd, p, (size_t)n, MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}

static int socket_read(BIO *b, char *p, int n)
{
	const struct npsd_tls *t = BIO_get_data(b);

	return socket_done(b, recv(t->fd, p, (size_t)n, 0), BIO_FLAGS_READ);
}

static long socket_control(BIO *b, int what, long n, void *p)
{
	(void)b;
	(void)n;
	(void)p;
	return what == BIO_CTRL_FLUSH; /* nothing is buffered; all else is unknown */
}

static BIO_METHOD *socket_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "npsd socket");

	npsd_assert(m);
	BIO_meth_set_write(m, socket_write);
	BIO_meth_set_read(m, socket_read);
	BIO_meth_set_ctrl(m, socket_control);
	return m;
}

/* --- certificates and keys --- */

/* The first error of OpenSSL's queue. */
static const char *reason(void)
{
	unsigned long e = ERR_peek_error();
	const char *text = ERR_SYSTEM_ERROR(e) ? strerror(ERR_GET_REASON(e)) : ERR_reason_error_string(e);

	return text ? text : "unknown error";
}

static bool bad_file(struct npsd_err *err, enum npsd_code code, const char *option, const char *file)
{
	return npsd_fail(err, code, 0, "redis.%s: cannot use `%.100s`: %s", option, file, reason());
}

/* A key that is encrypted is refused. OpenSSL would ask at the terminal. */
static int no_passphrase(char *p, int size, int write, void *user)
{
	(void)p;
	(void)size;
	(void)write;
	(void)user;
	return -1;
}

static int on_certificate_request(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
	struct npsd_tls *t = SSL_get_app_data(ssl);

	(void)cert;
	(void)key;
	t->asked = true;
	return 0; /* none */
}

static bool load_files(
    SSL_CTX *ctx, const struct npsd_tls_options *o, enum npsd_code code, struct npsd_err *err)
{
	const char *key = *o->key ? o->key : o->cert;

	if (*o->ca ? SSL_CTX_load_verify_locations(ctx, o->ca, NULL) != 1
		   : SSL_CTX_set_default_verify_paths(ctx) != 1)
		return bad_file(err, code, "tls_ca", o->ca);
	if (!*o->cert)
		return true;
	if (SSL_CTX_use_certificate_chain_file(ctx, o->cert) != 1)
		return bad_file(err, code, "tls_cert", o->cert);
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return bad_file(err, code, *o->key ? "tls_key" : "tls_cert", key);
	return true;
}

/* NULL: failed. */
static SSL_CTX *make_context(const struct npsd_tls_options *o, enum npsd_code code, struct npsd_err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	npsd_assert(ctx);
	ERR_clear_error();
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(ctx, o->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	SSL_CTX_set_client_cert_cb(ctx, on_certificate_request);
	if (load_files(ctx, o, code, err))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

static char *copy_of(const char *text)
{
	char *copy = strdup(text ? text : "");

	npsd_assert(copy);
	return copy;
}

bool npsd_tls_options_read(struct npsd_tls_options *out, const struct npsd_config *cfg, struct npsd_err *err)
{
	SSL_CTX *ctx;

	*out = (struct npsd_tls_options){.ca = copy_of(cfg->redis_tls_ca),
	    .cert = copy_of(cfg->redis_tls_cert),
	    .key = copy_of(cfg->redis_tls_key),
	    .name = copy_of(cfg->redis_tls_name),
	    .verify = cfg->redis_tls_verify,
	    .socket = socket_method()};
	ctx = make_context(out, NPSD_INVALID, err);
	SSL_CTX_free(ctx);
	return ctx != NULL;
}

void npsd_tls_options_free(struct npsd_tls_options *o)
{
	free(o->ca);
	free(o->cert);
	free(o->key);
	free(o->name);
	BIO_meth_free(o->socket);
	*o = (struct npsd_tls_options){.verify = false};
}

/* --- a connection --- */

/* The name is verified, and sent so that a server of several names can choose its certificate. */
static void set_name(struct npsd_tls *t)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, t->name) == 1)
		return; /* an address is not sent */
	SSL_set_hostflags(t->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	npsd_assert(SSL_set1_host(t->ssl, t->name) == 1);
	SSL_set_tlsext_host_name(t->ssl, t->name);
}

bool npsd_tls_new(
    struct npsd_tls **out, const struct npsd_tls_options *o, int fd, const char *host, struct npsd_err *err)
{
	SSL_CTX *ctx = make_context(o, NPSD_RETRY, err);
	struct npsd_tls *t;
	BIO *bio;

	if (!ctx)
		return false;
	t = malloc(sizeof *t);
	npsd_assert(t);
	*t =
	    (struct npsd_tls){.ssl = SSL_new(ctx), .options = o, .name = *o->name ? o->name : host, .fd = fd};
	SSL_CTX_free(ctx); /* t->ssl has a reference */
	bio = BIO_new(o->socket);
	npsd_assert(t->ssl && bio);
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_app_data(t->ssl, t);
	SSL_set_connect_state(t->ssl);
	set_name(t);
	*out = t;
	return true;
}

void npsd_tls_free(struct npsd_tls **t)
{
	if (*t) {
		SSL_free((*t)->ssl);
		free(*t);
	}
	*t = NULL;
}

/* --- failures, each as one sentence --- */

static bool fail_verify(const struct npsd_tls *t, struct npsd_err *err)
{
	long code = SSL_get_verify_result(t->ssl);
	const char *why = X509_verify_cert_error_string(code);

	switch (code) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return npsd_fail(err, NPSD_RETRY, 0,
		    "TLS: the server's certificate is not for `%.80s`; redis.tls_name sets another name",
		    t->name);
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return npsd_fail(err, NPSD_RETRY, 0,
		    "TLS: the server's certificate is not signed by a CA of %s: %s",
		    *t->options->ca ? "redis.tls_ca" : "the system, and redis.tls_ca is empty", why);
	default:
		return npsd_fail(err, NPSD_RETRY, 0, "TLS: the server's certificate is refused: %s", why);
	}
}

static bool fail_no_certificate(struct npsd_err *err)
{
	return npsd_fail(err, NPSD_RETRY, 0,
	    "TLS: the server requires a client certificate: set redis.tls_cert and redis.tls_key");
}

static bool fail_protocol(const struct npsd_tls *t, struct npsd_err *err)
{
	switch (ERR_GET_REASON(ERR_peek_error())) {
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		return fail_verify(t, err);
	case SSL_R_WRONG_VERSION_NUMBER:
		return npsd_fail(err, NPSD_RETRY, 0,
		    "TLS: the server does not use TLS on this port: redis.url begins with redis:// then");
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return fail_no_certificate(err);
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE: /* TLS 1.2 */
		if (t->asked)
			return fail_no_certificate(err);
		break;
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
		return npsd_fail(
		    err, NPSD_RETRY, 0, "TLS: the server refuses the client certificate: %s", reason());
	default:
		break;
	}
	return npsd_fail(err, NPSD_RETRY, 0, "TLS: %s", reason());
}

/* True where the socket is not ready; else err is set. sys: errno after the call that returned `code` */
static bool not_ready(const struct npsd_tls *t, int code, int sys, struct npsd_err *err)
{
	int kind = SSL_get_error(t->ssl, code);

	if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
		return true;
	if (kind == SSL_ERROR_SSL)
		return fail_protocol(t, err);
	/* with TLS 1.3 the server looks at the certificate after the handshake; the reason may be lost with
	 * the connection */
	if (t->asked && !t->received)
		return fail_no_certificate(err);
	if (*t->options->cert && !t->received)
		return npsd_fail(err, NPSD_RETRY, sys,
		    "TLS: the server ended the connection; it may refuse the client certificate");
	return npsd_fail(err, NPSD_RETRY, sys, "connection lost: %s",
	    kind == SSL_ERROR_ZERO_RETURN || sys == 0 ? "closed by the server" : strerror(sys));
}

/* OpenSSL keeps errors per thread, and another connection may have left some. */
static void forget_errors(void)
{
	ERR_clear_error();
	errno = 0;
}

bool npsd_tls_shake(struct npsd_tls *t, struct npsd_err *err)
{
	int code;

	forget_errors();
	code = SSL_do_handshake(t->ssl);
	if (code == 1)
		return true;
	not_ready(t, code, errno, err);
	return false;
}

bool npsd_tls_wants_write(const struct npsd_tls *t)
{
	return SSL_want_write(t->ssl);
}

static int at_most_int(size_t n)
{
	return n > INT_MAX ? INT_MAX : (int)n;
}

ssize_t npsd_tls_send(struct npsd_tls *t, const void *p, size_t n, struct npsd_err *err)
{
	int done;

	forget_errors();
	done = SSL_write(t->ssl, p, at_most_int(n));
	if (done > 0)
		return done;
	return not_ready(t, done, errno, err) ? 0 : -1;
}

ssize_t npsd_tls_receive(struct npsd_tls *t, void *p, size_t n, struct npsd_err *err)
{
	int done;

	forget_errors();
	done = SSL_read(t->ssl, p, at_most_int(n));
	if (done > 0) {
		t->received = true;
		return done;
	}
	return not_ready(t, done, errno, err) ? 0 : -1;
}
