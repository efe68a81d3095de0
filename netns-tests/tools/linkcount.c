/*
 * linkcount.c - how many packets of which stream pass a link, in bins of time.
 *
 *	linkcount IF FILE BIN-MS udp|tunnel PORT ...
 *
 * Counts UDP packets by destination port: `udp` those that pass as they are,
 * `tunnel` those inside of IPv6-in-IPv6 (next header 41). The bins begin at whole
 * multiples of their length on CLOCK_MONOTONIC, so the files of several links fit
 * together. On SIGTERM the file is written: a line per bin with its beginning in
 * nanoseconds and a count per port.
 *
 * The kernel filters and stamps; this program wakes up once per bin.
 *
 * Layer: lab.
 */
#include "netns-tests/tools/tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define PORTS_MAX 4
#define BATCH 64
#define SNAP 96 /* octets: two IPv6 headers and a UDP header */
#define BUFFER (4 << 20)

struct counter {
	int fd, stop;
	size_t ports_at; /* offset of the UDP header */
	uint16_t port[PORTS_MAX];
	size_t n_ports;
	int64_t bin_ns;
	int64_t first; /* number of the bin at v[0] */
	uint32_t (*v)[PORTS_MAX];
	size_t n, cap;
};

/*
 * From the IPv6 header on (SOCK_DGRAM): next header, and the inner one's. Only a
 * socket for all protocols sees what leaves, so the filter asks for IPv6.
 */
static struct sock_filter plain_udp[] = {
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 3),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SNAP),
	BPF_STMT(BPF_RET | BPF_K, 0),
};
static struct sock_filter tunnelled_udp[] = {
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 5),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_IPV6, 0, 3),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 46),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SNAP),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

static void
filter_on(int fd, bool tunnel)
{
	struct sock_fprog p = { .len = tunnel ? 8 : 6,
		.filter = tunnel ? tunnelled_udp : plain_udp };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p)) < 0)
		tool_die("filter");
}

static int
open_link(const char *ifname, bool tunnel)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, size = BUFFER;
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

	if (fd < 0)
		tool_die("socket");
	filter_on(fd, tunnel);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	at.sll_ifindex = (int)if_nametoindex(ifname);
	if (at.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		tool_die("%s", ifname);
	return fd;
}

static void
count(struct counter *c, const uint8_t *packet, size_t len, int64_t ns)
{
	int64_t bin = ns / c->bin_ns - c->first;
	uint16_t port;

	if (len < c->ports_at + 4 || bin < 0)
		return;
	port = (uint16_t)(packet[c->ports_at + 2] << 8 | packet[c->ports_at + 3]);
	for (size_t i = 0; i < c->n_ports; i++) {
		size_t had = c->cap;

		if (c->port[i] != port)
			continue;
		c->v = tool_grow(c->v, (size_t)bin, &c->cap, sizeof(*c->v));
		memset(c->v + had, 0, (c->cap - had) * sizeof(*c->v));
		if ((size_t)bin >= c->n)
			c->n = (size_t)bin + 1;
		c->v[bin][i]++;
	}
}

/* Nanoseconds to take from a CLOCK_REALTIME stamp to get CLOCK_MONOTONIC. */
static int64_t
real_ahead(void)
{
	struct timespec real;

	clock_gettime(CLOCK_REALTIME, &real);
	return real.tv_sec * TOOL_NS_PER_S + real.tv_nsec - tool_now_ns();
}

/* One batch. False when there was nothing more. */
static bool
drain(struct counter *c)
{
	uint8_t packets[BATCH][SNAP];
	char control[BATCH][CMSG_SPACE(sizeof(struct timespec))];
	struct iovec iov[BATCH];
	struct mmsghdr m[BATCH] = { 0 };
	int64_t ahead = real_ahead();
	int n;

	for (size_t i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ packets[i], SNAP };
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
			.msg_iovlen = 1,
			.msg_control = control[i],
			.msg_controllen = sizeof(control[i]) };
	}
	n = recvmmsg(c->fd, m, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		struct cmsghdr *h = CMSG_FIRSTHDR(&m[i].msg_hdr);
		struct timespec t;

		if (!h || h->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(h), sizeof(t));
		count(c, packets[i], m[i].msg_len, t.tv_sec * TOOL_NS_PER_S + t.tv_nsec - ahead);
	}
	return n == BATCH;
}

static void
write_series(const struct counter *c, const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		tool_die("%s", path);
	for (size_t bin = 0; bin < c->n; bin++) {
		fprintf(f, "%lld", (long long)((c->first + (int64_t)bin) * c->bin_ns));
		for (size_t i = 0; i < c->n_ports; i++)
			fprintf(f, " %u", c->v[bin][i]);
		fputc('\n', f);
	}
	if (fclose(f) != 0)
		tool_die("%s", path);
}

int
main(int argc, char **argv)
{
	struct counter c = { 0 };
	bool tunnel;

	if (argc < 6 || argc - 5 > PORTS_MAX) {
		errno = 0;
		tool_die("usage: linkcount IF FILE BIN-MS udp|tunnel PORT ...");
	}
	tunnel = strcmp(argv[4], "tunnel") == 0;
	c.ports_at = tunnel ? 2 * sizeof(struct ip6_hdr) : sizeof(struct ip6_hdr);
	for (int i = 5; i < argc; i++)
		c.port[c.n_ports++] = (uint16_t)tool_number(argv[i], UINT16_MAX);
	c.bin_ns = (int64_t)tool_number(argv[3], 10000) * 1000000;
	c.first = tool_now_ns() / c.bin_ns;
	c.stop = tool_stop_fd();
	c.fd = open_link(argv[1], tunnel);
	printf("{\"ready\":true}\n");
	fflush(stdout);
	for (struct pollfd stop = { .fd = c.stop, .events = POLLIN };;) {
		bool last = poll(&stop, 1, (int)(c.bin_ns / 1000000)) != 0;

		while (drain(&c))
			;
		if (last)
			break;
	}
	write_series(&c, argv[2]);
	return 0;
}
