/*
 * hook.c - libvirt's hook for QEMU guests: may this guest come here?
 *
 *	homeport [-f FILE] GUEST OPERATION SUB-OPERATION EXTRA	(domain XML on stdin)
 *
 * `migrate begin` comes on the destination, before any memory is copied, and a status other
 * than 0 stops the migration. There mrd is told of the arrival, asks the home agent, and says
 * yes or no; that no, or that no word comes in time, stops the guest where it is unharmed.
 * `release end` comes last on whoever loses the guest: an arrival that has not become a guest is
 * taken back. Everything else is the watcher's to tell, since libvirt calls no hook when a guest
 * begins to run. Nothing but `migrate begin` ever fails, nor does that of a guest without our
 * metadata.
 *
 * Layer: shell.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/base.h"
#include "hypervisor-hooks/hv_conf.h"
#include "hypervisor-hooks/hv_guest.h"
#include "hypervisor-hooks/hv_mrd.h"

#define XML_MAX (4u << 20) /* octets of a domain's XML */

struct call {
	struct hv_conf conf;
	bool unread; /* the configuration is not valid, and has said so */
	int64_t until_ms;
	const char *guest;
	char words[HV_WORDS_MAX]; /* of the metadata */
};

static const char usage[] =
    "usage: homeport [-f FILE] GUEST OPERATION SUB-OPERATION EXTRA <DOMAIN.XML\n"
    "called by libvirt as its hook for QEMU guests, see homeport-libvirt(8)\n";

/* Say why, for libvirt's log and virsh; the status. */
static int
stop_or_go_on(const struct call *c, const char *what, const char *why)
{
	fprintf(stderr, "homeport: %s: %s: %s%s\n", c->guest, what, why,
	    c->conf.insist ? "" : "; going on, insist is off");
	return c->conf.insist ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
arrive(struct call *c)
{
	char line[HV_LINE_MAX] = "guest incoming";
	struct hv_answer answer;
	int r;

	if (!hv_word_add(line, sizeof(line), c->guest) ||
	    strlen(line) + strlen(c->words) >= sizeof(line) - 64)
		return stop_or_go_on(c, "cannot come here", "its name or metadata is too long");
	strcat(line, c->words);
	r = hv_mrd_ask(c->conf.control, line, c->until_ms, &answer);
	if (r < 0)
		return stop_or_go_on(c, "mrd does not answer", strerror(-r));
	if (!answer.ok)
		return stop_or_go_on(c, "may not come here", answer.text);
	return EXIT_SUCCESS;
}

static int
take_back(struct call *c)
{
	char line[HV_LINE_MAX] = "guest cancel";
	struct hv_answer answer;

	if (hv_word_add(line, sizeof(line), c->guest))
		(void)hv_mrd_ask(c->conf.control, line, c->until_ms, &answer);
	return EXIT_SUCCESS; /* mrd may not know it, or not be there: nothing is to be undone */
}

static const struct {
	const char *operation, *sub;
	int (*run)(struct call *);
} operations[] = {
	{ "migrate", "begin", arrive },
	{ "release", "end", take_back },
};

/* All of stdin, by the deadline; NULL if it is too much or too late. */
static char *
read_xml(int64_t until_ms, size_t *ret_n)
{
	char *xml = malloc(XML_MAX);
	size_t n = 0;

	while (xml && n < XML_MAX) {
		struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
		int64_t left_ms = until_ms - hv_now_ms();
		ssize_t got;

		if (left_ms <= 0 || poll(&in, 1, (int)left_ms) <= 0)
			break;
		got = read(STDIN_FILENO, xml + n, XML_MAX - n);
		if (got == 0) {
			*ret_n = n;
			return xml;
		}
		n += got > 0 ? (size_t)got : 0;
	}
	free(xml);
	return NULL;
}

static int
run(struct call *c, int (*operation)(struct call *))
{
	size_t n = 0;
	char *xml = read_xml(c->until_ms, &n);
	int r = xml ? hv_guest_words(xml, n, c->words) : -EBADMSG;

	free(xml);
	/* Without XML it cannot be known to be ours, and others' guests are never stopped. */
	if (r == 0 || r == -EBADMSG)
		return EXIT_SUCCESS;
	if (operation == arrive && c->unread)
		return stop_or_go_on(c, "cannot come here", "hypervisor.conf is not valid");
	if (operation == arrive && r < 0)
		return stop_or_go_on(c, "cannot come here", "its metadata is too long");
	return r == 1 ? operation(c) : EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct call c = { .conf = { .deadline_ms = HV_DEADLINE_MS, .insist = true } };
	const char *file = NULL;
	int64_t began_ms = hv_now_ms();

	for (int o; (o = getopt(argc, argv, "+f:h")) != -1;) {
		if (o == 'f') {
			file = optarg;
			continue;
		}
		fputs(usage, o == 'h' ? stdout : stderr);
		return o == 'h' ? EXIT_SUCCESS : 2;
	}
	if (argc - optind < 3) {
		fputs(usage, stderr);
		return 2;
	}
	for (size_t i = 0; i < countof(operations); i++) {
		if (strcmp(argv[optind + 1], operations[i].operation) != 0 ||
		    strcmp(argv[optind + 2], operations[i].sub) != 0)
			continue;
		c.unread = hv_conf_load(file, &c.conf) < 0;
		c.guest = argv[optind];
		c.until_ms = began_ms + c.conf.deadline_ms;
		return run(&c, operations[i].run);
	}
	return EXIT_SUCCESS;
}
