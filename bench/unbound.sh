# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# The unbound that benchmarks stand beside holdfast: where both have a setting it is the same, and DNSSEC validation is off.

unbound_config() # IPV4 IPV6 [LINE…]: $LAB_DIR/unbound.conf; LINEs are further ones of its server clause
{
	cat <<- END > "$LAB_DIR/unbound.conf"
	server:
	    interface: $1
	    interface: $2
	    access-control: 0.0.0.0/0 allow
	    access-control: ::/0 allow
	    username: ""
	    chroot: ""
	    directory: "$LAB_DIR"
	    pidfile: "$LAB_DIR/unbound.pid"
	    use-syslog: no
	    root-hints: "$LAB_DIR/root.hints"
	    module-config: "iterator"
	    qname-minimisation: yes
	    use-caps-for-id: yes
	    minimal-responses: yes
	    edns-buffer-size: 1232
	    max-udp-size: 1232
	    num-threads: 1
	    num-queries-per-thread: 4096
	    cache-max-ttl: 86400
	    cache-max-negative-ttl: 3600
	$(printf '    %s\n' "${@:3}")
	remote-control:
	    control-enable: no
	END
}
