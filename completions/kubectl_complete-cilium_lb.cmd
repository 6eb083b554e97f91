@echo off
rem kubectl runs this file to complete `kubectl cilium-lb`; `kubectl cilium-lb completion install` writes it.
kubectl-cilium_lb.exe __complete %*
