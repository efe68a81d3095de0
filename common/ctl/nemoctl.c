/*
 * nemoctl.c - say words to mrd or had, and show what they answer.
 *
 * The words go to the control socket as they are: this program knows no verb, so
 * it never has to be as new as the daemon (doc/control.md). But for one, `guest define
 * --libvirt`: it goes to libvirt, which brings it to mrd on every host the guest comes to.
 */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/base.h"
#include "common/ctl/table.h"
#include "common/ctl/virsh.h"
#include "common/sys/ctl_words.h"
#include "config.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_DAEMON = 3,
};

#define REQUEST_MAX 4097 /* octets of a line with its newline */

static const struct daemon {
	const char *name, *socket;
} daemons[] = {
	{ "mrd", RUNSTATEDIR "/mrd/mrd.ctl" },
	{ "had", RUNSTATEDIR "/had/had.ctl" },
};

static const char usage[] = "usage: nemoctl [-hjV] [-s socket] [mrd | had] word ...\n"
			    "\n"
			    "  -h  this text\n"
			    "  -j  print the daemon's lines of JSON as they are\n"
			    "  -s  the daemon's control socket\n"
			    "  -V  the version\n"
			    "\n"
			    "nemoctl help lists what the daemon understands; see nemoctl(8).\n"
			    "Exit status: 0 ok, 1 refused, 2 usage, 3 no daemon.\n";

/* ---- which daemon ---- */

static const struct daemon *
find_daemon(const char *name)
{
	for (size_t i = 0; i < countof(daemons); i++)
		if (strcmp(name, daemons[i].name) == 0)
			return &daemons[i];
	return NULL;
}

/* The socket of the one daemon there is. */
static int
only_socket(const char **ret_path)
{
	const char *found = NULL;

	for (size_t i = 0; i < countof(daemons); i++) {
		if (access(daemons[i].socket, F_OK) < 0)
			continue;
		if (found) {
			fputs("nemoctl: mrd and had both run here: say which one first, as in "
			      "\"nemoctl mrd show status\"\n",
			    stderr);
			return EXIT_USAGE;
		}
		found = daemons[i].socket;
	}
	if (!found) {
		fprintf(stderr, "nemoctl: no daemon: neither %s nor %s is there\n",
		    daemons[0].socket, daemons[1].socket);
		return EXIT_NO_DAEMON;
	}
	*ret_path = found;
	return EXIT_OK;
}

static int
dial(const char *path, int *ret_fd)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(sa.sun_path)) {
		fprintf(stderr, "nemoctl: %s: too long for a socket\n", path);
		return EXIT_USAGE;
	}
	memcpy(sa.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const void *)&sa, sizeof(sa)) == 0) {
		*ret_fd = fd;
		return EXIT_OK;
	}
	fprintf(stderr, "nemoctl: %s: %s\n", path, strerror(errno));
	return errno == EACCES ? EXIT_REFUSED : EXIT_NO_DAEMON;
}

/* ---- the question ---- */

static int
send_words(int fd, int argc, const char *const *argv)
{
	char line[REQUEST_MAX];
	int n = ctl_words_join(argc, argv, line, sizeof(line));

	if (n < 0) {
		fprintf(stderr, "nemoctl: %s\n",
		    n == -EINVAL ? "a word has a newline in it" : "too many words");
		return EXIT_USAGE;
	}
	line[n++] = '\n';
	for (int at = 0; at < n;) {
		ssize_t r = send(fd, line + at, (size_t)(n - at), MSG_NOSIGNAL);

		if (r >= 0)
			at += (int)r;
		else if (errno == EPIPE || errno == ECONNRESET)
			break; /* it hung up, perhaps after saying why */
		else if (errno != EINTR)
			return EXIT_NO_DAEMON;
	}
	return EXIT_OK;
}

/* ---- the answer ---- */

/* The last line of an answer: the exit status in it, and the reason on stderr. */
static int
conclude(const json_t *o)
{
	const char *code = json_string_value(json_object_get(o, "error"));
	const char *message = json_string_value(json_object_get(o, "message"));

	if (json_is_true(json_object_get(o, "ok")))
		return EXIT_OK;
	fprintf(stderr, "nemoctl: %s: %s\n", code ? code : "error", message ? message : "");
	if (code && strcmp(code, "usage") == 0)
		return EXIT_USAGE;
	return code && strcmp(code, "closing") == 0 ? EXIT_NO_DAEMON : EXIT_REFUSED;
}

/* One line. Returns an exit status if it was the last, else -1. */
static int
take_line(const char *line, bool as_json, json_t *rows)
{
	json_t *o = json_loads(line, 0, NULL);
	int r = -1;

	if (as_json) {
		fputs(line, stdout);
		fflush(stdout);
	}
	if (json_object_get(o, "ok")) {
		r = conclude(o);
	} else if (!json_is_object(o)) {
		fputs("nemoctl: the daemon's answer is not a line of JSON\n", stderr);
		r = EXIT_REFUSED;
	} else if (!as_json && json_object_get(o, "event")) {
		table_print_event(stdout, o);
		fflush(stdout);
	} else if (!as_json) {
		json_array_append(rows, o);
	}
	json_decref(o);
	return r;
}

static int
read_answer(int fd, bool as_json)
{
	json_t *rows = json_array();
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t cap = 0;
	int r = -1;

	while (r < 0 && in && getline(&line, &cap, in) > 0)
		r = take_line(line, as_json, rows);
	if (r < 0) {
		fputs("nemoctl: the daemon hung up\n", stderr);
		r = EXIT_NO_DAEMON;
	}
	table_print(stdout, rows);
	if (fflush(stdout) != 0 && r == EXIT_OK) {
		fprintf(stderr, "nemoctl: cannot write: %s\n", strerror(errno));
		r = EXIT_REFUSED;
	}
	free(line);
	json_decref(rows);
	if (in)
		fclose(in);
	else
		close(fd);
	return r;
}

/* guest define --libvirt DOMAIN [KEY VALUE ...] */
static bool
is_for_libvirt(int argc, const char *const *argv)
{
	return argc >= 3 && strcmp(argv[0], "guest") == 0 && strcmp(argv[1], "define") == 0 &&
	       strcmp(argv[2], "--libvirt") == 0;
}

static int
define_for_libvirt(int argc, const char *const *argv)
{
	char xml[VIRSH_XML_MAX], why[200];

	if (argc < 1) {
		fputs("nemoctl: guest define --libvirt: a domain's name is missing\n", stderr);
		return EXIT_USAGE;
	}
	if (virsh_element(argc - 1, argv + 1, xml, why, sizeof(why)) < 0) {
		fprintf(stderr, "nemoctl: %s\n", why);
		return EXIT_USAGE;
	}
	return virsh_define(argv[0], xml) < 0 ? EXIT_REFUSED : EXIT_OK;
}

static int
talk(const char *socket_path, bool as_json, int argc, const char *const *argv)
{
	const struct daemon *d = find_daemon(argv[0]);
	int fd, r;

	if (d) {
		argc--;
		argv++;
	}
	if (argc == 0) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (is_for_libvirt(argc, argv))
		return define_for_libvirt(argc - 3, argv + 3);
	if (!socket_path && d)
		socket_path = d->socket;
	r = socket_path ? EXIT_OK : only_socket(&socket_path);
	if (r == EXIT_OK)
		r = dial(socket_path, &fd);
	if (r != EXIT_OK)
		return r;
	r = send_words(fd, argc, argv);
	if (r != EXIT_OK) {
		close(fd);
		return r;
	}
	return read_answer(fd, as_json);
}

int
main(int argc, char **argv)
{
	const char *socket_path = NULL;
	bool as_json = false;

	/* "+": options end at the first word, since words may begin with a dash. */
	for (int c; (c = getopt(argc, argv, "+hjs:V")) != -1;) {
		switch (c) {
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		case 'j':
			as_json = true;
			break;
		case 's':
			socket_path = optarg;
			break;
		case 'V':
			puts("nemoctl " PACKAGE_VERSION);
			return EXIT_OK;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return talk(socket_path, as_json, argc - optind, (const char *const *)argv + optind);
}
