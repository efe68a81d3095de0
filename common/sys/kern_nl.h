/*
 * kern_nl.h - one netlink request at a time: build, send, wait for the answer.
 *
 * libnl-3's core (nlmsg_*, nla_*) makes and takes apart the messages. Its objects
 * (libnl-route) are not used: they know neither IFA_PROTO nor NDA_PROTOCOL, by
 * which we tell what is ours, nor the kernel's strict filters for dumps.
 *
 * Errors are the kernel's own, as -errno; what it says about them (extended
 * acknowledgement) goes to the debug log.
 *
 * Layer: sys, private to kern*.c.
 *
 *	struct kern_req q;
 *
 *	kern_req_begin(&q, RTM_NEWADDR, NLM_F_CREATE, &ifa, sizeof(ifa));
 *	kern_req_put(&q, IFA_LOCAL, &addr, sizeof(addr));
 *	r = kern_nl_ask(nl, &q, NULL, NULL);
 */
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERN_NL_BUF 32768 /* the kernel fills at most this much per read of a dump */

struct kern_nl {
	int fd;
	uint32_t port; /* our address: notifications of our own changes carry it */
	uint32_t seq;
	uint8_t *buf; /* KERN_NL_BUF octets */
};

int kern_nl_open(struct kern_nl *nl, int protocol); /* NETLINK_ROUTE, ...; 0 or -errno */
void kern_nl_close(struct kern_nl *nl);

/* A request being built. Errors are sticky: kern_nl_ask reports them. */
struct kern_req {
	struct nl_msg *msg;
	bool bad;
};

void kern_req_begin(struct kern_req *q, int type, int flags, const void *header, size_t n);
void kern_req_put(struct kern_req *q, int attr, const void *p, size_t n);
void kern_req_u8(struct kern_req *q, int attr, uint8_t v);
void kern_req_u32(struct kern_req *q, int attr, uint32_t v);
void kern_req_string(struct kern_req *q, int attr, const char *s);
struct nlattr *kern_req_nest(struct kern_req *q, int attr);
void kern_req_nest_end(struct kern_req *q, struct nlattr *nest);

/*
 * Send q, free it, and wait (2 s at most) until the kernel is done with it. fn, if
 * not NULL, is called for each message of the answer; it must not ask anything
 * itself. Returns 0 or -errno; -EAGAIN is a dump that changed while it was read.
 */
typedef void kern_nl_fn(void *ctx, struct nlmsghdr *h);
int kern_nl_ask(struct kern_nl *nl, struct kern_req *q, kern_nl_fn *fn, void *ctx);

/* The attributes behind a header of header_len octets into tb[0..max]. False: malformed. */
bool kern_nl_attrs(struct nlmsghdr *h, size_t header_len, struct nlattr **tb, int max);

/* Each returns what attr holds, or the other value if it is not there or too short. */
uint32_t kern_attr_u32(const struct nlattr *attr, uint32_t otherwise);
uint8_t kern_attr_u8(const struct nlattr *attr, uint8_t otherwise);
bool kern_attr_copy(const struct nlattr *attr, void *ret, size_t n);
