/*
 * stream.c - traffic that notices everything that happens to it.
 *
 *	stream send DST PORT RATE COUNT [OCTETS]
 *	stream recv PORT LOG
 *	stream tcp-server ADDR PORT KBIT
 *	stream tcp-client ADDR PORT KBIT
 *
 * `send` and `recv` are numbered, time-stamped UDP (stream_udp.c); `tcp-server` and
 * `tcp-client` are the two ends of one session that carries a known pattern each
 * way (stream_tcp.c). Each runs until it is done or told to stop by SIGTERM, and
 * then prints one JSON line.
 *
 * Layer: lab.
 */
#include "netns-tests/tools/stream.h"

#include "netns-tests/tools/tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *word;
	int least, most; /* arguments behind the word */
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "send", 4, 5, stream_send },
	{ "recv", 2, 2, stream_recv },
	{ "tcp-server", 3, 3, stream_tcp_server },
	{ "tcp-client", 3, 3, stream_tcp_client },
};

struct sockaddr_in6
stream_address(const char *addr, const char *port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };

	a.sin6_port = htons((uint16_t)tool_number(port, UINT16_MAX));
	errno = 0;
	if (inet_pton(AF_INET6, addr, &a.sin6_addr) != 1)
		tool_die("%s: not an IPv6 address", addr);
	return a;
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		int n = argc - 2;

		if (strcmp(argv[1], verbs[i].word) == 0 && n >= verbs[i].least &&
		    n <= verbs[i].most)
			return verbs[i].run(n, argv + 2);
	}
	errno = 0;
	tool_die("usage: send DST PORT RATE COUNT [OCTETS] | recv PORT LOG | "
		 "tcp-server ADDR PORT KBIT | tcp-client ADDR PORT KBIT");
}
