"""A few dozen groups of synonyms, English and Chinese, for tests and first tries; real use needs a real list."""

from __future__ import annotations

_GROUPS = """
    big large | small little | fast quick rapid | slow sluggish | begin start commence | end finish conclude
    buy purchase | help assist aid | show display | think believe | begin start | answer reply response
    error mistake fault | broken damaged | wrong incorrect false | right correct | new fresh recent
    old aged | city town | country nation | car automobile | picture image photo | film movie | job occupation
    child kid | doctor physician | money cash | problem issue trouble | question query | idea notion
    happy glad cheerful | sad unhappy | angry furious | beautiful lovely | famous renowned | important significant
    strange odd weird | difficult hard | easy simple | rich wealthy | ill sick | shop store | road street
    receive obtain | send dispatch | repair fix mend | return refund | price cost | package parcel | order purchase
    delivery shipment | screen display | account profile | password passcode | charge fee | cancel annul
    问题 难题 | 方法 办法 | 帮助 协助 | 开始 起始 | 结束 终结 | 公司 企业 | 学校 院校 | 老师 教师 | 学生 学子
    重要 紧要 | 迅速 快速 | 美丽 漂亮 | 高兴 快乐 | 价格 价钱 | 购买 选购 | 消息 讯息 | 著名 知名 | 增加 增长
    减少 缩减 | 提高 提升 | 发展 进展 | 电影 影片 | 比赛 竞赛 | 城市 都市 | 国家 邦国 | 医生 大夫 | 妻子 太太
    父亲 爸爸 | 母亲 妈妈 | 告诉 告知 | 认为 以为 | 寻找 找寻 | 立刻 马上
"""


def _format_lines() -> str:
    """Formats the groups as lines of a table: each word, a tab, its synonyms."""
    others: dict[str, list[str]] = {}
    for group in _GROUPS.replace("\n", "|").split("|"):
        # groups are separated by |, the words of a group by spaces
        words = group.split()
        for word in words:
            others.setdefault(word, []).extend(other for other in words if other != word)
    return "\n".join("\t".join((word, *dict.fromkeys(synonyms))) for word, synonyms in others.items())


SYNONYMS = _format_lines()
"""Lines of a word table."""
