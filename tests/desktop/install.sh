#!/bin/sh -e
# What the tests of the desktop need, on Debian 12 and its like: about 70 MB, 15 s.
# Python: Debian's own version, or a pyenv of the same minor version (python3-gi is compiled).
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends \
    xvfb dbus-daemon xfce4-panel dunst libnotify-bin \
    python3-gi gir1.2-gtk-3.0 gir1.2-ayatanaappindicator3-0.1 python3-dbus
