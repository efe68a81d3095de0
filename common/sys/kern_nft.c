/*
 * kern_nft.c - one filter table of ours, so that the kernel keeps its hands off what
 * we answer ourselves (see kern_int.h).
 *
 * A kernel without Mobile IPv6 answers a Home Address option or a type 2 routing
 * header with an ICMPv6 Parameter Problem. AF_PACKET has a packet before nftables does,
 * so dropping it there silences the kernel and loses nothing. The table is made anew
 * at the start, in one transaction with the removal of a stale one.
 *
 * libnftables: rules as text, transactions for nothing. Its context lives as long as
 * one transaction, because its caches would count against our memory.
 */
#include <errno.h>
#include <malloc.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/sys/kern_int.h"

/*
 * Offsets are bits. @nh,336 is the first option of a destination options header that
 * comes right behind the IPv6 header; 0xc9 is the Home Address option. It stands at the
 * front, or on its alignment (8n+6) behind a PadN or four Pad1. Anything else in a
 * destination options header, such as a tunnel encapsulation limit, passes.
 *
 * @th,112 is the next header of the packet inside an ICMPv6 error: where the module
 * ip6_tunnel is loaded, the kernel calls tunnel packets that it has no device for
 * unreachable, though our socket takes them.
 */
static const char table_text[] =
    "add table ip6 homeport-%1$s\n"
    "delete table ip6 homeport-%1$s\n"
    "table ip6 homeport-%1$s {\n"
    "	set own { type ipv6_addr; }\n"
    "	set links { type ifname; }\n"
    "	chain signalling {\n"
    "		type filter hook prerouting priority -300; policy accept;\n"
    "		ip6 daddr @own meta l4proto 135 counter drop\n"
    "		ip6 daddr @own ip6 nexthdr 60 @nh,336,8 0xc9 counter drop\n"
    "		ip6 daddr @own ip6 nexthdr 60 @nh,336,16 0x0102 @nh,368,8 0xc9 counter drop\n"
    "		ip6 daddr @own ip6 nexthdr 60 @nh,336,32 0 @nh,368,8 0xc9 counter drop\n"
    "	}\n"
    "	chain quiet {\n"
    "		type filter hook output priority 0; policy accept;\n"
    "		oifname @links icmpv6 type nd-redirect counter drop\n"
    "		ip6 saddr @own icmpv6 type destination-unreachable"
    " icmpv6 code port-unreachable @th,112,8 41 counter drop\n"
    "	}\n"
    "}\n";

/* The last line of what libnftables says is the least useful one: take the first. */
static void
complain(struct nft_ctx *ctx, const char *commands)
{
	const char *said = nft_ctx_get_error_buffer(ctx);

	log_err("kern", "packet filter refused", "said=\"%.*s\"",
	    said ? (int)strcspn(said, "\n") : 0, said ? said : "");
	log_debug("kern", "packet filter commands", "%s", commands);
}

static int
run(const char *commands)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	int r = 0;

	if (!ctx)
		return -ENOMEM;
	(void)nft_ctx_buffer_output(ctx);
	(void)nft_ctx_buffer_error(ctx);
	if (nft_run_cmd_from_buffer(ctx, commands) != 0) {
		complain(ctx, commands);
		r = -EIO;
	}
	nft_ctx_free(ctx);
	(void)malloc_trim(0); /* its parser leaves some hundred KiB of free memory behind */
	return r;
}

int
kern_nft_open(struct kern *k)
{
	char commands[sizeof(table_text) + 3 * sizeof(k->name)];

	int r;

	snprintf(commands, sizeof(commands), table_text, k->name);
	r = run(commands);
	k->has_table = r == 0;
	return r;
}

void
kern_nft_close(struct kern *k)
{
	char commands[128];

	if (!k->has_table)
		return;
	snprintf(commands, sizeof(commands), "delete table ip6 homeport-%s\n", k->name);
	(void)run(commands); /* said so if it failed; nobody is left to act on it */
}

static int
element(struct kern *k, const char *set, const char *what, bool on)
{
	char commands[256];

	snprintf(commands, sizeof(commands), "%s element ip6 homeport-%s %s { %s }\n",
	    on ? "add" : "delete", k->name, set, what);
	return run(commands);
}

int
kern_nft_own(struct kern *k, const struct in6_addr *addr, bool on)
{
	char text[TEXT_ADDR_MAX];

	return element(k, "own", text_addr(addr, text), on);
}

int
kern_nft_link(struct kern *k, const char *dev, bool on)
{
	char text[KOBJ_DEV_MAX + 2];

	/* Quoted: a link may be called anything; what the quotes cannot hold is refused. */
	if (strpbrk(dev, "\"\\\n"))
		return -EINVAL;
	snprintf(text, sizeof(text), "\"%s\"", dev);
	return element(k, "links", text, on);
}
