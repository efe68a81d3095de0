/* kern_nl.c - see kern_nl.h */
#include "common/sys/kern_nl.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/base/log.h"

/* The kernel answers at once; this bounds the harm if it ever does not. */
#define ANSWER_TIMEOUT_S 2

int
kern_nl_open(struct kern_nl *nl, int protocol)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(addr);
	const struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_S };
	const int on = 1, room = 1 << 20;

	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (nl->fd < 0)
		return -errno;
	nl->buf = malloc(KERN_NL_BUF);
	if (!nl->buf)
		return -ENOMEM;
	if (bind(nl->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    getsockname(nl->fd, (struct sockaddr *)&addr, &len) < 0)
		return -errno;
	nl->port = addr.nl_pid;
	/* Raising the limit needs CAP_NET_ADMIN: without it nothing else would work either. */
	if (setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 ||
	    setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
	    setsockopt(nl->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) < 0)
		return -errno;
	/* Only for better words in the log. */
	(void)setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return 0;
}

void
kern_nl_close(struct kern_nl *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
	free(nl->buf);
	nl->buf = NULL;
}

void
kern_req_begin(struct kern_req *q, int type, int flags, const void *header, size_t n)
{
	q->bad = false;
	q->msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);
	if (!q->msg || nlmsg_append(q->msg, (void *)(uintptr_t)header, n, NLMSG_ALIGNTO) < 0)
		q->bad = true;
}

void
kern_req_put(struct kern_req *q, int attr, const void *p, size_t n)
{
	if (!q->bad && nla_put(q->msg, attr, (int)n, p) < 0)
		q->bad = true;
}

void
kern_req_u8(struct kern_req *q, int attr, uint8_t v)
{
	kern_req_put(q, attr, &v, sizeof(v));
}

void
kern_req_u32(struct kern_req *q, int attr, uint32_t v)
{
	kern_req_put(q, attr, &v, sizeof(v));
}

void
kern_req_string(struct kern_req *q, int attr, const char *s)
{
	kern_req_put(q, attr, s, strlen(s) + 1);
}

struct nlattr *
kern_req_nest(struct kern_req *q, int attr)
{
	struct nlattr *nest = q->bad ? NULL : nla_nest_start(q->msg, attr);

	if (!nest)
		q->bad = true;
	return nest;
}

void
kern_req_nest_end(struct kern_req *q, struct nlattr *nest)
{
	if (!q->bad)
		(void)nla_nest_end(q->msg, nest); /* cannot fail: the nest is not empty */
}

static const char *
said(struct nlmsghdr *h)
{
	const struct nlmsgerr *e = nlmsg_data(h);
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	size_t skip = sizeof(*e);

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - NLMSG_HDRLEN;
	if (!kern_nl_attrs(h, skip, tb, NLMSGERR_ATTR_MAX) || !tb[NLMSGERR_ATTR_MSG])
		return "";
	return nla_get_string(tb[NLMSGERR_ATTR_MSG]);
}

struct answer {
	uint32_t seq;
	kern_nl_fn *fn;
	void *ctx;
	bool done, interrupted;
	int error; /* 0 or -errno, once done */
};

static void
take(struct answer *a, struct nlmsghdr *h)
{
	const struct nlmsgerr *e = nlmsg_data(h);

	if (h->nlmsg_seq != a->seq)
		return; /* of a request that timed out */
	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		a->interrupted = true;
	switch (h->nlmsg_type) {
	case NLMSG_ERROR:
		a->done = true;
		if (nlmsg_datalen(h) < (int)sizeof(*e)) {
			a->error = -EBADMSG;
			break;
		}
		a->error = e->error;
		if (e->error)
			log_debug("kern", "netlink request refused",
			    "type=%u error=\"%s\" said=\"%s\"", e->msg.nlmsg_type,
			    strerror(-e->error), said(h));
		break;
	case NLMSG_DONE:
		a->done = true;
		if (nlmsg_datalen(h) >= (int)sizeof(int))
			memcpy(&a->error, nlmsg_data(h), sizeof(int));
		break;
	case NLMSG_NOOP:
		break;
	default:
		if (a->fn)
			a->fn(a->ctx, h);
	}
}

static int
await(struct kern_nl *nl, struct answer *a)
{
	while (!a->done) {
		ssize_t n = recv(nl->fd, nl->buf, KERN_NL_BUF, MSG_TRUNC);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n > KERN_NL_BUF)
			return -EMSGSIZE;
		for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)nl->buf; nlmsg_ok(h, left);
		     h = nlmsg_next(h, &left))
			take(a, h);
	}
	if (a->error == 0 && a->interrupted)
		return -EAGAIN;
	return a->error;
}

int
kern_nl_ask(struct kern_nl *nl, struct kern_req *q, kern_nl_fn *fn, void *ctx)
{
	struct answer a = { .seq = ++nl->seq, .fn = fn, .ctx = ctx };
	int r = -ENOMEM;

	if (!q->bad) {
		struct nlmsghdr *h = nlmsg_hdr(q->msg);

		h->nlmsg_seq = a.seq;
		if ((h->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
			h->nlmsg_flags |= NLM_F_ACK; /* a dump ends with NLMSG_DONE instead */
		r = send(nl->fd, h, h->nlmsg_len, 0) < 0 ? -errno : await(nl, &a);
	}
	if (q->msg)
		nlmsg_free(q->msg);
	q->msg = NULL;
	return r;
}

bool
kern_nl_attrs(struct nlmsghdr *h, size_t header_len, struct nlattr **tb, int max)
{
	return nlmsg_parse(h, (int)header_len, tb, max, NULL) >= 0;
}

uint32_t
kern_attr_u32(const struct nlattr *attr, uint32_t otherwise)
{
	(void)kern_attr_copy(attr, &otherwise, sizeof(otherwise));
	return otherwise;
}

uint8_t
kern_attr_u8(const struct nlattr *attr, uint8_t otherwise)
{
	(void)kern_attr_copy(attr, &otherwise, sizeof(otherwise));
	return otherwise;
}

bool
kern_attr_copy(const struct nlattr *attr, void *ret, size_t n)
{
	if (!attr || nla_len(attr) < (int)n)
		return false;
	memcpy(ret, nla_data(attr), n);
	return true;
}
