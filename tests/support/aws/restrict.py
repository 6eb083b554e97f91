"""Makes an IAM user with one policy in a running double, then lets moto enforce IAM.

usage: restrict.py PORT REGION    (the policy document on standard input; prints the user's keys as JSON)
"""

import json
import sys
import urllib.request

import boto3

NAME = "cilium-lb"


def main(port, region):
    endpoint = f"http://127.0.0.1:{port}"
    iam = boto3.client("iam", endpoint_url=endpoint, region_name=region,
                       aws_access_key_id="test", aws_secret_access_key="test")
    iam.create_user(UserName=NAME)
    iam.put_user_policy(UserName=NAME, PolicyName=NAME, PolicyDocument=sys.stdin.read())
    key = iam.create_access_key(UserName=NAME)["AccessKey"]
    # From now on no call is allowed without a policy that says so.
    request = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", data=b"0", method="POST",
                                     headers={"Content-Type": "text/plain"})
    urllib.request.urlopen(request, timeout=30).read()
    json.dump({"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
